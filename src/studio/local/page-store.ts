import { modelBytes } from '../../browser/model-bytes.ts';
import { PROGRAM } from '../../browser/model-folder.ts';
import { openModel, saveModel } from '../../browser/open-model.ts';
import { TaurecError } from '../../errors.ts';
import type { Model } from '../../model/model.ts';
import { filesOf } from '../../model/model-files.ts';
import type { RunInfo } from '../session.ts';
import { type BegunRun, goneMeanwhile, nothingKept, type RunStore, trainedMeanwhile } from '../workbench/host.ts';
import { memoryStore } from '../workbench/memory-store.ts';

/** The folder of the studio in the private file system of its site; a folder for each run, a file for each that was begun, and the counts of openings. */
const ROOT = 'taurec-studio';
const RUNS = 'runs';
const BEGUN = 'begun';
/** The facts of a run, written when its model is complete. */
const FACTS = 'run.json';
const OPENED = 'opened.json';

/** A store, and what a person may want to know about it. */
export interface PageStore {
  readonly store: RunStore;
  readonly notes: readonly string[];
}

/** The store in the browser's private file system (OPFS); in memory where the browser grants none, as in some private windows. */
export async function openPageStore(): Promise<PageStore> {
  try {
    const root = await (await navigator.storage.getDirectory()).getDirectoryHandle(ROOT, { create: true });
    const runs = await root.getDirectoryHandle(RUNS, { create: true });
    const begun = await root.getDirectoryHandle(BEGUN, { create: true });
    return { store: storeIn(root, runs, begun), notes: [] };
  } catch {
    const note =
      'This browser keeps nothing for this page (a private window, or storage is switched off): runs are gone when the page is closed. Take models home as files.';
    return { store: memoryStore(), notes: [note] };
  }
}

function storeIn(
  root: FileSystemDirectoryHandle,
  runs: FileSystemDirectoryHandle,
  begun: FileSystemDirectoryHandle,
): RunStore {
  // Tabs make runs at the same time: each has a word of its own, and holds its lock as long as it lives.
  const own = Array.from(crypto.getRandomValues(new Uint8Array(4)), (byte) => (byte % 36).toString(36)).join('');
  void navigator.locks.request(lockOf(own), () => new Promise(() => {}));
  /** Runs of this tab that a full storage did not take. */
  const unwritten = new Set<string>();
  const forget = (run: string) => begun.removeEntry(`${run}.json`).catch(ifMissing);
  /** The entry of a run that was begun. Two tabs look and write one after the other. @throws TaurecError `folder-in-use` where another tab trains it */
  const withEntry = (run: string, act: (entry: Begun | undefined) => Promise<void>): Promise<void> =>
    navigator.locks.request(`${ROOT} ${BEGUN}`, async () => {
      const entry = await readJson<Begun>(begun, `${run}.json`).catch(() => undefined);
      const trainer = entry?.trainer;
      if (entry && trainer !== undefined && trainer !== own && (await lives(trainer))) {
        const remedy = 'Wait until it is done there, or stop it there; then load this page again.';
        throw new TaurecError('folder-in-use', { folder: entry.info.name, by: 'another tab, which trains it', remedy });
      }
      await act(entry);
    });
  const openings = async () => (await readJson<Record<string, number>>(root, OPENED)) ?? {};
  return {
    idOf: (number) => `run-${own}-${number}`,
    async runs() {
      const infos: RunInfo[] = [];
      const problems: string[] = [];
      for await (const name of runs.keys()) {
        const info = await runs
          .getDirectoryHandle(name)
          .then((folder) => readJson<RunInfo>(folder, FACTS))
          .catch((error: Error) => void problems.push(`${name}: ${error.message}`));
        if (info) infos.push(info);
      }
      const left: BegunRun[] = [];
      const tabs = new Map<string, boolean>();
      const elsewhere: string[] = [];
      for (const name of await namesIn(begun)) {
        const run = await readJson<Begun>(begun, name).catch(() => undefined);
        if (!run) continue;
        if (infos.some(({ id }) => id === run.info.id)) {
          // Its tab went between the saving of the model and the forgetting.
          await forget(run.info.id);
          continue;
        }
        const { trainer } = run;
        // The session knows what it trains.
        if (trainer === own) continue;
        if (trainer === undefined) {
          left.push(run);
          continue;
        }
        if (!tabs.has(trainer)) tabs.set(trainer, await lives(trainer));
        if (tabs.get(trainer)) elsewhere.push(`${run.info.name}, in another tab`);
        else left.push(run);
      }
      return {
        infos: infos.sort((a, b) => saved(a) - saved(b) || (a.id < b.id ? -1 : 1)),
        begun: left.sort((a, b) => (a.info.id < b.info.id ? -1 : 1)),
        problems,
        elsewhere,
      };
    },
    begin: (run) =>
      withEntry(run.info.id, async (entry) => {
        const { id, state } = run.info;
        if (state === 'interrupted') {
          const names = await namesIn(runs);
          if (names.includes(id)) throw trainedMeanwhile(id);
          if (!entry && !unwritten.has(id)) throw goneMeanwhile(id, names);
        }
        // A full storage does not stop a training: when its model is saved, it says so.
        await writeJson(begun, `${id}.json`, { ...run, trainer: own } satisfies Begun).then(
          () => unwritten.delete(id),
          () => unwritten.add(id),
        );
      }),
    async letGo(run) {
      // Where the storage is full, the tab keeps it until it is closed.
      await writeJson(begun, `${run.info.id}.json`, run satisfies Begun).catch(() => {});
      return nothingKept;
    },
    async open(run, options) {
      const folder = await runs.getDirectoryHandle(run).catch(async (error: DOMException) => {
        if (error.name !== 'NotFoundError') throw error;
        // Another tab has discarded it.
        throw goneMeanwhile(run, await namesIn(runs));
      });
      return openModel(folder, options);
    },
    async save(info, model) {
      try {
        const folder = await runs.getDirectoryHandle(info.id, { create: true });
        await saveModel(folder, model);
        await writeJson(folder, FACTS, { ...info, saved: Date.now() });
      } catch (error) {
        // What is left of it would take room that others need.
        await runs.removeEntry(info.id, { recursive: true }).catch(() => {});
        throw isFull(error) ? await noRoom(info, model, error) : error;
      }
      await forget(info.id);
    },
    async describe(info) {
      const folder = await runs.getDirectoryHandle(info.id).catch(() => undefined);
      const old = folder && (await readJson<Stored>(folder, FACTS));
      if (old) await writeJson(folder, FACTS, { ...info, saved: old.saved });
    },
    remove: (run) =>
      withEntry(run, async () => {
        await runs.removeEntry(run, { recursive: true }).catch(ifMissing);
        await forget(run);
      }),
    opened: async (data) => (await openings())[data] ?? 0,
    countOpening: (data) =>
      navigator.locks.request(`${ROOT} ${OPENED}`, async () => {
        const counts = await openings();
        const count = (counts[data] ?? 0) + 1;
        await writeJson(root, OPENED, { ...counts, [data]: count });
        return count;
      }),
  };
}

/** A run that was begun, with the word of the tab that trains it; absent: it was interrupted while its tab lived. */
interface Begun extends BegunRun {
  readonly trainer?: string;
}

const lockOf = (tab: string) => `${ROOT} tab ${tab}`;

/** Milliseconds in which a page that was closed, or loaded again, lets go of its lock. */
const LETTING_GO = 500;

/** Whether the tab of a word is still there. */
async function lives(tab: string): Promise<boolean> {
  const signal = AbortSignal.timeout(LETTING_GO);
  return navigator.locks.request(lockOf(tab), { signal }, () => false).catch(() => true);
}

/** The facts of a run with the time when it was saved, in milliseconds since 1970. */
type Stored = RunInfo & { readonly saved?: number };
const saved = (info: Stored) => info.saved ?? 0;

async function namesIn(folder: FileSystemDirectoryHandle): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const name of folder.keys()) names.push(name);
  return names;
}

/** The content of a JSON file; undefined where there is none, or another tab is writing it for the first time. */
async function readJson<T>(folder: FileSystemDirectoryHandle, name: string): Promise<T | undefined> {
  try {
    const text = await (await (await folder.getFileHandle(name)).getFile()).text();
    return text === '' ? undefined : JSON.parse(text);
  } catch (error) {
    if ((error as DOMException).name === 'NotFoundError') return undefined;
    throw error;
  }
}

/** Writes a JSON file; the old content stays until the new one is complete. */
async function writeJson(folder: FileSystemDirectoryHandle, name: string, value: unknown): Promise<void> {
  const writable = await (await folder.getFileHandle(name, { create: true })).createWritable();
  try {
    await writable.write(JSON.stringify(value));
    await writable.close();
  } catch (error) {
    await writable.abort().catch(() => {});
    throw error;
  }
}

function ifMissing(error: DOMException): void {
  if (error.name !== 'NotFoundError') throw error;
}

/** Whether an error, or what it was made of, says that the storage is full. */
function isFull(error: unknown): boolean {
  const { name, cause } = error as Error;
  return name === 'QuotaExceededError' || (cause instanceof Error && isFull(cause));
}

/** Says which model has no room, how much it needs and how much there is, and what helps. */
async function noRoom(info: RunInfo, model: Model, cause: unknown): Promise<TaurecError> {
  let needed = 0;
  for await (const [, bytes] of modelBytes(filesOf(model, info.id, PROGRAM))) needed += bytes.length;
  // Browsers tell what is stored, but not how much they grant: the quota of an estimate is a made-up one.
  const { usage = 0 } = await navigator.storage.estimate();
  return new TaurecError(
    'cannot-write',
    {
      path: `The model of ${info.name}`,
      reason: `it needs ${kilobytes(needed)} beside the ${kilobytes(usage)} that this site has stored, which is more than the browser grants`,
      remedy:
        'It can be used until this page is closed: take it home as a file (Compare, Take home). Delete runs that are not needed (Compare, Runs) before the next training.',
    },
    { cause },
  );
}

const kilobytes = (bytes: number) => `${Math.ceil(bytes / 1000).toLocaleString('en')} kB`;
