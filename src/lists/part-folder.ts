import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TaurecError } from '../errors.ts';
import { removeAbandonedIn, temporaryName, writeAtomically } from '../platform/atomic-file.ts';
import { lockFolder } from '../platform/folder-lock.ts';
import type { ListPlan, PlanFacts, PlanPart } from './list-plan.ts';

/** What `plan.json` has: the facts of the plan, and an id of this folder. */
type Kept = Partial<PlanFacts> & { readonly id?: string };

const PLAN = 'plan.json';

/** True for the name of a part, or of a draft of one. */
const isPart = (name: string) => /^\d{6,}\.part/.test(name);

/** The folder beside a file of lists in which its parts wait: the facts of the plan in `plan.json`, and each finished part as a file. Locked while it is open. */
export class PartFolder {
  readonly folder: string;
  /** Random, and the same as long as the folder exists. */
  readonly id: string;
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
      const kept = await readPlan(folder);
      const id = kept?.id ?? randomUUID();
      if (kept) refuseOther(folder, kept, plan.facts);
      else {
        // Parts without their plan are of unknown lists: a removal of the folder was cut short.
        await removeFiles(folder, isPart);
        const text = `${JSON.stringify({ ...plan.facts, id }, undefined, 2)}\n`;
        await writeAtomically(join(folder, PLAN), (name) => writeFile(name, text));
      }
      await removeAbandonedIn(folder);
      return new PartFolder(folder, id, plan, release);
    } catch (error) {
      release();
      throw error;
    }
  }

  private constructor(folder: string, id: string, plan: ListPlan, release: () => void) {
    this.folder = folder;
    this.id = id;
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
    try {
      // The plan goes after the parts: parts without it would be taken for those of other lists.
      if (gone) {
        await removeFiles(this.folder, isPart);
        await removeFiles(this.folder, (name) => name.startsWith(PLAN));
      }
    } finally {
      this.#release();
    }
    // Only if it is empty: another process may have it by now, or it has files of others.
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

async function removeFiles(folder: string, which: (name: string) => boolean): Promise<void> {
  for (const name of (await readdir(folder)).filter(which)) await rm(join(folder, name), { force: true });
}

/** The plan that a folder has, if any. @throws TaurecError `lists-mismatch` for a damaged one */
async function readPlan(folder: string): Promise<Kept | undefined> {
  const text = await readFile(join(folder, PLAN), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    const facts = { folder, what: 'plan', got: `${PLAN} that is no JSON`, expected: 'that of these lists' };
    throw new TaurecError('lists-mismatch', facts, { cause });
  }
}

/** @throws TaurecError `lists-mismatch` */
function refuseOther(folder: string, { id: _, ...kept }: Kept, wanted: PlanFacts): void {
  const flat = ({ options, ...facts }: Partial<PlanFacts>): Record<string, unknown> => ({ ...facts, ...options });
  const [own, other] = [flat(wanted), flat(kept)];
  for (const what of new Set([...Object.keys(own), ...Object.keys(other)])) {
    if (JSON.stringify(own[what]) === JSON.stringify(other[what])) continue;
    throw new TaurecError('lists-mismatch', { folder, what, got: own[what], expected: other[what] });
  }
}
