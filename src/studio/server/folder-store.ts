import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TaurecError } from '../../errors.ts';
import { openModel, openModelConfig, saveModel } from '../../model/model-directory.ts';
import { CONFIG } from '../../model/read-model.ts';
import { removeAbandonedIn, temporaryName, writeAtomically } from '../../platform/atomic-file.ts';
import { isLockedElsewhere, lockFolder, lockHolder } from '../../platform/folder-lock.ts';
import { makeFolder, writeFault } from '../../platform/write-fault.ts';
import { CHECKPOINT, checkpointState } from '../../training/checkpoint.ts';
import type { RunInfo } from '../session.ts';
import {
  type BegunRun,
  goneMeanwhile,
  nothingKept,
  type RunProgress,
  type RunStore,
  trainedMeanwhile,
} from '../workbench/host.ts';
import { runOfModel } from '../workbench/run.ts';
import type { FolderEntry, StudioFolder } from './studio-folder.ts';

/** What the studio knows of a model that it made, besides the model's own files. */
const RUN = 'studio-run.json';
/** A run that was begun, beside its checkpoint. Its name begins as that of the checkpoint: a model is saved only into a folder that holds nothing else. */
const BEGUN = 'checkpoint-run.json';
/** How often the test part of which data was opened. */
const OPENINGS = 'studio-openings.json';
/** The ids, and the folders, of the runs of a studio. */
const ownId = /^run-(\d+)$/;

/** A store with what ends it. */
export interface FolderStore extends RunStore {
  /** Lets another studio train in the folder. */
  release(): void;
}

/**
 * Runs as model folders: those of the studio are `models/run-1`, `models/run-2` …, each with `studio-run.json`; models that were there before are runs too. One studio at a time trains in a folder, so that numbers are not
 * given twice.
 */
export function folderStore(folder: StudioFolder): FolderStore {
  /** Models that were forgotten, but are not the studio's to delete. */
  const forgotten = new Set<string>();
  let release: (() => void) | undefined;
  let skipped = 0;
  const lock = () => {
    release ??= lockFolder(folder.models);
  };
  const hasModel = (run: string) => existsSync(join(folder.models, run, CONFIG));
  const openings = join(folder.models, OPENINGS);
  const counts = async (): Promise<Record<string, number>> =>
    readFile(openings, 'utf8')
      .then((text) => JSON.parse(text) as Record<string, number>)
      .catch((cause: NodeJS.ErrnoException) => {
        if (cause.code === 'ENOENT') return {};
        throw new TaurecError('damaged-file', { path: openings, problem: cause.message }, { cause });
      });
  /** The last count that is written: each begins after the one before. */
  let counted: Promise<unknown> = Promise.resolve();
  const countOne = async (data: string): Promise<number> => {
    const all = await counts();
    const count = (all[keyOf(data)] ?? 0) + 1;
    const text = JSON.stringify({ ...all, [keyOf(data)]: count });
    await writeAtomically(openings, (path) => writeFile(path, text));
    return count;
  };
  const placeOf = async (run: string): Promise<string> => {
    if (ownId.test(run)) return join(folder.models, run);
    const { models } = await folder.list();
    const found = models.find((one) => idOf(one) === run);
    if (found) return found.path;
    throw new TaurecError('unknown-name', { kind: 'run', got: run, known: models.map(idOf) });
  };
  const write = async (run: Begun): Promise<void> => {
    const path = join(folder.models, run.info.id, BEGUN);
    await writeAtomically(path, (temporary) => writeFile(temporary, JSON.stringify(run)));
  };
  /** The runs that were begun and have no model: those that another studio of the folder trains, or has waiting, and those that were interrupted. */
  const unfinished = async () => {
    const begun: BegunRun[] = [];
    const elsewhere: BegunRun[] = [];
    const trainer = isLockedElsewhere(folder.models) ? lockHolder(folder.models) : undefined;
    const problems: string[] = [];
    for (const name of await readdir(folder.models).catch(() => [])) {
      const path = join(folder.models, name);
      if (!ownId.test(name) || hasModel(name) || !existsSync(join(path, BEGUN))) continue;
      const known = await begunIn(path).catch((error: Error) => void problems.push(`${name}: ${error.message}`));
      if (known?.info.id !== name) continue;
      // The lock is held as long as its studio lives, which may train none of what others left.
      if (trainer !== undefined && known.trainer === trainer) elsewhere.push(known);
      else begun.push(known);
    }
    const byNumber = (a: BegunRun, b: BegunRun) => numberOf(a.info.id) - numberOf(b.info.id);
    return { begun: begun.sort(byNumber), elsewhere: elsewhere.sort(byNumber), problems };
  };
  return {
    idOf(number) {
      lock();
      while (existsSync(join(folder.models, `run-${number + skipped}`))) skipped++;
      return `run-${number + skipped}`;
    },
    async runs() {
      await removeAbandonedIn(folder.models);
      const { models } = await folder.list();
      const infos: RunInfo[] = [];
      const problems: string[] = [];
      for (const found of models.filter((one) => !forgotten.has(idOf(one)))) {
        try {
          infos.push(await infoOf(found));
        } catch (error) {
          problems.push((error as Error).message);
        }
      }
      const { begun, elsewhere, problems: broken } = await unfinished();
      return {
        infos: infos.sort((a, b) => numberOf(a.id) - numberOf(b.id)),
        begun,
        problems: [...problems, ...broken],
        elsewhere: elsewhere.map(({ info }) => `${info.name} (${info.id}), by another studio of this folder`),
      };
    },
    async begin(run) {
      lock();
      const { id, state } = run.info;
      const path = join(folder.models, id);
      if (state === 'interrupted') {
        if (hasModel(id)) throw trainedMeanwhile(id);
        if (!existsSync(join(path, BEGUN))) throw goneMeanwhile(id, await readdir(folder.models));
      }
      makeFolder(path);
      try {
        await write({ ...run, trainer: lockHolder(folder.models) });
      } catch (error) {
        const reason = writeFault(error as NodeJS.ErrnoException);
        const remedy = 'Nothing is trained: make room, then start again.';
        throw new TaurecError('cannot-write', { path, reason, remedy }, { cause: error });
      }
    },
    async letGo(run) {
      // On a full disk the run is this studio's until it ends.
      await write(run).catch(() => {});
      return progressIn(join(folder.models, run.info.id));
    },
    open: async (run, options) => openModel(await placeOf(run), options),
    async save(info, model) {
      const text = JSON.stringify(info);
      await saveModel(join(folder.models, info.id), model, { others: { [RUN]: (path) => writeFile(path, text) } });
      for (const name of [CHECKPOINT, BEGUN]) await rm(join(folder.models, info.id, name), { force: true });
    },
    async describe(info) {
      // Models that were there before stay as they are, and a model that could not be saved yet goes only into a folder without other files.
      if (!ownId.test(info.id) || !hasModel(info.id)) return;
      const text = JSON.stringify(info);
      await writeAtomically(join(folder.models, info.id, RUN), (path) => writeFile(path, text));
    },
    async remove(run) {
      if (!ownId.test(run)) return void forgotten.add(run);
      const path = join(folder.models, run);
      // Another studio may train it.
      if (existsSync(path) && !hasModel(run)) lock();
      const aside = temporaryName(path);
      // It disappears whole.
      await rename(path, aside).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
      await rm(aside, { recursive: true, force: true });
    },
    opened: async (data) => (await counts())[keyOf(data)] ?? 0,
    countOpening(data) {
      const count = counted.then(() => countOne(data));
      counted = count.catch(() => {});
      return count;
    },
    release: () => release?.(),
  };
}

/** The run of a model: the name of a folder that the studio made; for others a name that no such folder has, with no number at its end. */
function idOf({ name }: FolderEntry): string {
  const own = /^models\/(run-\d+)$/.exec(name)?.[1];
  return own ?? `model-${keyOf(name)}-found`;
}

/** The number of a run of the studio; others come before them. */
function numberOf(id: string): number {
  return Number(ownId.exec(id)?.[1] ?? 0);
}

function keyOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** A run that was begun, with the holder of the lock under which it trains; absent: it was interrupted while its studio lived. */
interface Begun extends BegunRun {
  readonly trainer?: string;
}

/** A run as it was begun, as far as its last checkpoint says. @throws what reading throws */
async function begunIn(path: string): Promise<Begun> {
  const { info, ...rest } = JSON.parse(await readFile(join(path, BEGUN), 'utf8')) as Begun;
  return { info: { ...info, ...(await progressIn(path)) }, ...rest };
}

/** How far the last checkpoint in a folder is. @throws what reading throws */
async function progressIn(path: string): Promise<RunProgress> {
  const state = await checkpointState(path);
  if (!state) return nothingKept;
  const { phase, epoch, history, seconds } = state;
  return { phase, epoch, history, seconds: seconds.train + seconds.validate };
}

/** A model as a run: as the studio knew it, otherwise by what its configuration says. */
async function infoOf(found: FolderEntry): Promise<RunInfo> {
  const config = await openModelConfig(found.path);
  const known = await readFile(join(found.path, RUN), 'utf8').then(
    (text) => JSON.parse(text) as RunInfo,
    () => undefined,
  );
  const id = idOf(found);
  // A folder that was copied or renamed is another run.
  if (known?.id === id && known.state === 'done') return known;
  return { ...runOfModel(config), id, name: found.name };
}
