import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync } from 'node:fs';
import { dirname } from 'node:path';
import { infinityAsText } from '../../array/infinity-as-text.ts';
import { TaurecError } from '../../errors.ts';
import type { ScoreAnalysis } from '../analysis/score-analysis.ts';
import type { FailedRun, RunRecord } from './run.ts';

/** The records of runs as JSON lines in a file: each is appended when its run is done, so that whoever starts again finds all that was finished. */
export class RunStore {
  readonly path: string;
  readonly #records = new Map<string, RunRecord | FailedRun>();

  /**
   * Opens the file, which need not exist. A last line that is not whole, as a crash leaves it, is cut off.
   * @throws TaurecError `bad-runs` when another line is not a record
   */
  constructor(path: string) {
    this.path = path;
    if (!existsSync(path)) return;
    const text = readFileSync(path, 'utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    for (const [index, line] of whole.split('\n').entries()) {
      if (line !== '') this.#keep(line, index + 1);
    }
    if (whole.length < text.length) truncateSync(path, Buffer.byteLength(whole));
  }

  get(key: string): RunRecord | FailedRun | undefined {
    return this.#records.get(key);
  }

  add(record: RunRecord | FailedRun): void {
    mkdirSync(dirname(this.path), { recursive: true });
    appendFileSync(this.path, `${JSON.stringify(record, infinityAsText)}\n`);
    this.#records.set(record.key, record);
  }

  #keep(line: string, number: number): void {
    let record: Partial<RunRecord & FailedRun> | undefined;
    try {
      record = JSON.parse(line);
      if (record?.analysis) record = { ...record, analysis: withInfinity(record.analysis) };
    } catch {
      // told below
    }
    if (typeof record?.key !== 'string' || typeof (record.evaluations ?? record.failed) !== 'object') {
      throw new TaurecError('bad-runs', { path: this.path, line: number, got: line.slice(0, 40) });
    }
    this.#records.set(record.key, record as RunRecord);
  }
}

/** τ = ∞ and what follows of it, which JSON has as "inf". The configuration stays as it is written. */
function withInfinity(analysis: ScoreAnalysis): ScoreAnalysis {
  const numbers = Object.entries(analysis).map(([name, x]) => [name, x === 'inf' ? Infinity : x]);
  return Object.fromEntries(numbers);
}
