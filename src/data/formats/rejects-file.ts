import { renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { TextFile } from '../../platform/text-file.ts';
import { makeFolder } from '../../platform/write-fault.ts';
import type { RejectsList } from './rejects.ts';

/** The list of skipped rows as a CSV file (line, column, value, reason), which appears with its first row and is whole once it is closed. */
export class RejectsFile implements RejectsList {
  private readonly path: string;
  private readonly temporary: string;
  private output?: TextFile;

  /** @param label the name of the file without its ending. Default: that of `file` */
  constructor(file: string, directory: string, label = basename(file)) {
    this.path = join(directory, `${label}.rejects.csv`);
    this.temporary = `${this.path}.${process.pid}.tmp`;
  }

  write(line: number, column: string, got: string, reason: string): void {
    if (!this.output) {
      makeFolder(dirname(this.temporary));
      this.output = new TextFile(this.temporary);
      this.output.write('line,column,value,reason\n');
    }
    this.output.write(stringify([[line, column, got, reason]]));
  }

  /** Completes the file and returns its path; undefined when no row was bad. */
  close(): string | undefined {
    if (!this.output) return undefined;
    this.output.close();
    this.output = undefined;
    renameSync(this.temporary, this.path);
    return this.path;
  }

  /** Removes the unfinished file after an error. */
  abandon(): void {
    this.output?.close();
    rmSync(this.temporary, { force: true });
  }
}
