import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TaurecError } from '../errors.ts';
import { removeAbandonedIn, temporaryName, writeAtomically } from '../platform/atomic-file.ts';
import { lockFolder } from '../platform/folder-lock.ts';
import type { ListPlan, PlanFacts, PlanPart } from './list-plan.ts';

/** The folder beside a file of lists in which its parts wait: the facts of the plan in `plan.json`, and each finished part as a file. Locked while it is open. */
export class PartFolder {
  readonly folder: string;
  readonly #plan: ListPlan;
  readonly #release: () => void;

  /**
   * Opens the folder of a file, and makes it if need be. With `resume` it is the one that earlier calls have left, otherwise a temporary one.
   * @throws TaurecError `lists-mismatch` when it has parts of another plan; `folder-in-use`
   */
  static async open(file: string, plan: ListPlan, resume: boolean): Promise<PartFolder> {
    const folder = resume ? partFolderOf(file) : temporaryName(file);
    // The folder of the file must exist, as for every output.
    await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    const release = lockFolder(folder);
    try {
      const path = join(folder, 'plan.json');
      const text = await readFile(path, 'utf8').catch(() => undefined);
      if (text === undefined) {
        await writeAtomically(path, (name) => writeFile(name, `${JSON.stringify(plan.facts, undefined, 2)}\n`));
      } else {
        refuseOther(folder, JSON.parse(text), plan.facts);
      }
      await removeAbandonedIn(folder);
      return new PartFolder(folder, plan, release);
    } catch (error) {
      release();
      throw error;
    }
  }

  private constructor(folder: string, plan: ListPlan, release: () => void) {
    this.folder = folder;
    this.#plan = plan;
    this.#release = release;
  }

  /** The file of a part. */
  pathOf({ number }: PlanPart): string {
    return join(this.folder, `${String(number).padStart(6, '0')}.part`);
  }

  /** The parts that are not there yet. */
  missing(): PlanPart[] {
    return this.#plan.parts.filter((part) => !existsSync(this.pathOf(part)));
  }

  /** Ends the use of the folder; removes it where `keep` is false or no part is finished. */
  async close(keep: boolean): Promise<void> {
    const gone = !keep || this.missing().length === this.#plan.parts.length;
    // The lock goes last, and the folder only if it is empty then: another process may have it by now.
    const names = gone ? (await readdir(this.folder)).filter((name) => name !== 'lock') : [];
    for (const name of names) await rm(join(this.folder, name), { recursive: true, force: true });
    this.#release();
    if (gone) await rmdir(this.folder).catch(() => {});
  }
}

/** The parts of a plan that are to be made. */
export interface PartWork {
  readonly folder: PartFolder;
  readonly plan: ListPlan;
  readonly missing: readonly PlanPart[];
  /** Users of the other parts. */
  readonly done: number;
  readonly onProgress?: (users: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** The folder with the parts of a file. */
export function partFolderOf(file: string): string {
  return `${file}.parts`;
}

/** @throws TaurecError `lists-mismatch` */
function refuseOther(folder: string, kept: Partial<PlanFacts>, wanted: PlanFacts): void {
  const flat = ({ options, ...facts }: Partial<PlanFacts>): Record<string, unknown> => ({ ...facts, ...options });
  const [own, other] = [flat(wanted), flat(kept)];
  for (const what of new Set([...Object.keys(own), ...Object.keys(other)])) {
    if (JSON.stringify(own[what]) === JSON.stringify(other[what])) continue;
    throw new TaurecError('lists-mismatch', { folder, what, got: own[what], expected: other[what] });
  }
}
