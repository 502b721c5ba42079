/** The model folder in Node: saves a model atomically, opens one, and reads or writes its training state. `read-model.ts` has the part shared with browsers. */

import { lstat, readdir, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { TaurecError } from '../errors.ts';
import { removeAbandonedIn, temporaryName, writeAtomically } from '../platform/atomic-file.ts';
import { readRegularText } from '../platform/regular-file.ts';
import { finishReplacing, removeAbandonedFolders, replaceFolder } from '../platform/replace-folder.ts';
import { fileSha256 } from '../platform/text-stream.ts';
import { checkWritable, makeFolder } from '../platform/write-fault.ts';
import { currentModel, VERSIONS } from './current-version.ts';
import type { FileDigest } from './file-digest.ts';
import { type Model, widenedModel } from './model.ts';
import type { ModelConfig } from './model-facts.ts';
import {
  filesOf,
  isModelConfig,
  isReplaced,
  keptDigests,
  type TensorFile,
  TRAINING,
  trainingStateOf,
} from './model-files.ts';
import type { ModelPlace } from './model-place.ts';
import type { Precision } from './precision.ts';
import {
  CONFIG,
  digestOf,
  files,
  type ModelSource,
  NEIGHBORS,
  type OpenedModel,
  readModel,
  readModelConfig,
} from './read-model.ts';
import { ReadingCheck } from './reading-check.ts';
import { openSafetensors, readSafetensors, writeSafetensors } from './safetensors.ts';

/** Options of `saveModel`. */
export interface SaveOptions {
  /** Other files that belong to the model, such as its test part: functions that write the file to a path, by name. `undefined` removes the file of an older model. */
  readonly others?: Readonly<Record<string, ((path: string) => Promise<void>) | undefined>>;
  /**
   * The type in which the embeddings are stored: 32-bit floats, or 16-bit floats, each rounded to the nearest. The training state then holds the exact ones too, and an update continues from those.
   * Default: the model's own (`config.precision`), f32 where it states none.
   */
  readonly precision?: Precision;
}

/**
 * Saves a model as a folder:
 *
 * - config.json: the facts about the training, the sizes, and the SHA-256 of every file
 * - embeddings.safetensors: `users` [U, d], `items` [I, d], and `itemBias` [I] if the model has item biases
 * - ids.safetensors: ids of users and items, and titles
 * - seen.safetensors: seen items, validation items, popularity
 * - neighbors.safetensors: the weights of the neighbour term, if the model has one
 * - catalogue-<key>.safetensors: the attributes of the items, if the model has a catalogue
 * - training.safetensors: the training state, if the model carries one
 *
 * The save is atomic: all files are written to a temporary folder, which is then renamed, so `directory` never holds half a model. A save replaces an older model in `directory` and removes its approximate
 * indexes; all other files in the folder stay. Temporary folders of killed programs next to it are removed.
 *
 * @throws TaurecError `not-a-model` when the folder is not empty and holds no taurec model; `bad-model` when the parts do not fit together, or an embedding is not finite; `half-overflow` when one is too large for 16 bits; `bad-option`
 */
export async function saveModel(
  directory: string,
  model: Model,
  { others = {}, precision }: SaveOptions = {},
): Promise<void> {
  const target = await placeOf(pathOf(directory));
  const { tensorFiles, configText } = filesOf(model, directory, process.versions.node, precision);
  await recoverModel(directory);
  await checkModelTarget(directory);
  const isRewritten = (name: string) => isReplaced(name) || Object.hasOwn(others, name);
  // Files that stay keep their digests.
  const digests = keptDigests(await readConfig(target).catch(() => ''), isRewritten);
  const temporary = temporaryName(target);
  makeFolder(temporary);
  try {
    for (const file of tensorFiles) await writeTensorFile(temporary, file, digests);
    for (const [name, write] of Object.entries(others)) {
      const path = join(temporary, name);
      await write?.(path);
      if (write) digests[name] = { bytes: (await stat(path)).size, sha256: await fileSha256(path, false) };
    }
    // config.json comes last: `isWhole` takes a folder that has it for a complete model.
    await writeAtomically(join(temporary, CONFIG), (name) => writeFile(name, configText(digests)));
    await replaceFolder(target, temporary, isRewritten);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Checks that a model may be saved in `directory`: the path does not exist, or is an empty folder, or holds an older model. A long run calls this before it starts.
 * @throws TaurecError `not-a-model` otherwise, `cannot-write` for a folder that this user may not write to
 */
export async function checkModelTarget(directory: string): Promise<void> {
  const names: string[] = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    if (error.code === 'ENOTDIR') throw new TaurecError('not-a-model', { directory, got: 'a file' });
    throw error;
  });
  // A run may keep its checkpoints in the folder that its model will be saved to.
  const others = names.filter((name) => !name.startsWith('checkpoint'));
  if (names.includes(VERSIONS)) throw new TaurecError('not-a-model', { directory, got: 'published versions' });
  if (others.length > 0 && !(await isWhole(directory)))
    throw new TaurecError('not-a-model', { directory, got: others.slice(0, 3).join(', ') });
  // A model is finished next to its folder and then moved; checkpoints are written into it.
  await checkWritable(dirname(resolve(directory)));
  await checkWritable(directory);
}

/**
 * Opens a model folder, or the current version of a folder of versions. The arrays are views of the files' contents in shared memory, except embeddings of 16 bits, which are widened; only config.json is parsed. Every file that is read is checked against its SHA-256 in config.json
 * (models of versions that wrote none are not), and embeddings must be finite. If a program was killed while it replaced the model, `openModel` completes the replacement first;
 * temporary folders of killed programs are removed.
 *
 * @param options.trainingState also reads the state that training continues from, if the model was saved with it. It is 2–3× the size of the embeddings; the server never reads it. Default false.
 * @throws TaurecError `no-model` when the folder holds no model; `newer-model` when a later taurec wrote it; `damaged-file`, `bad-model` or `bad-safetensors`, naming the file, when a file is damaged or does not fit the others
 */
export async function openModel(
  directory: string,
  options: { readonly trainingState?: boolean } = {},
): Promise<Model<ModelConfig>> {
  const folder = await currentModel(directory);
  const { model: stored, sound } = await beginOpening(folder);
  await sound;
  const model = widenedModel(stored);
  const source = sourceOf(folder);
  const path = source.pathOf(TRAINING);
  if (!options.trainingState || !(await exists(path))) return model;
  const digest = digestOf(model.config, TRAINING, source);
  return { ...model, trainingState: trainingStateOf(await openSafetensors(path, { digest })) };
}

/**
 * As `openModel`, but does not wait for digests and for the search for floats that are not finite: other work can go on until `sound` resolves. Its result must not be used before.
 * @throws TaurecError as `openModel`
 */
export async function beginOpening(place: ModelPlace): Promise<OpenedModel> {
  const directory = await currentModel(pathOf(place));
  const left = await recoverModel(directory);
  const source = sourceOf(directory, left);
  const check = new ReadingCheck(await sizeOf(directory, [...Object.values(files), NEIGHBORS]));
  const readTensors: ModelSource['readTensors'] = (name, checks) =>
    readSafetensors(source.pathOf(name), { ...checks, check });
  try {
    const { model, sound } = await readModel({ ...source, readTensors });
    const closed = sound.finally(() => check.close());
    closed.catch(() => {});
    return { model, sound: closed };
  } catch (error) {
    check.close();
    throw error;
  }
}

/** Reads and checks config.json of a model folder. Throws `no-model`, `newer-model`, `damaged-file`, `bad-model`. */
export async function openModelConfig(directory: string): Promise<ModelConfig> {
  return readModelConfig(sourceOf(await currentModel(directory)));
}

/** A text that changes whenever a model is saved to the folder, or another version becomes current; undefined where there is no model. */
export async function modelStamp(path: string): Promise<string | undefined> {
  const directory = await currentModel(path);
  return stat(join(directory, CONFIG)).then(
    ({ ino, mtimeMs }) => `${directory} ${ino} ${mtimeMs}`,
    () => undefined,
  );
}

/** True when two paths lead to one model: also through symbolic links, and to the current version of a folder of versions. */
export async function isSameModel(one: string, other: string): Promise<boolean> {
  const places = [one, other].map(async (path) => placeOf(await currentModel(path)));
  const [a, b] = await Promise.all(places);
  return a === b;
}

/**
 * Opens a model with its training state to change it, with its stamp: another stamp later means that another program has changed it meanwhile.
 * @throws TaurecError as `openModel`
 */
export async function openToChange(path: string): Promise<{ model: Model<ModelConfig>; stamp: string | undefined }> {
  const before = await modelStamp(path);
  const model = await openModel(path, { trainingState: true });
  // Opening completes an interrupted replacement of the folder, which changes the stamp.
  return { model, stamp: before ?? (await modelStamp(path)) };
}

/** A folder as the source of a model. `left`: complete models that an interrupted save left under temporary names. */
function sourceOf(directory: string, left: readonly string[] = []): Omit<ModelSource, 'readTensors'> {
  return {
    place: directory,
    pathOf: (name) => join(directory, name),
    readConfig: () =>
      readConfig(directory).catch((cause: NodeJS.ErrnoException) => {
        const others = left.length === 0 ? '' : `; an interrupted save left complete models in ${left.join(', ')}`;
        const problem = cause.code === 'ENOENT' ? `it has no ${CONFIG}${others}` : `${CONFIG}: ${cause.message}`;
        throw new TaurecError('no-model', { directory, problem }, { cause });
      }),
  };
}

/**
 * Completes a save that was killed while it replaced the model, and removes temporary folders and files of killed programs. Does nothing for a folder with a model and nothing else.
 * @returns the complete models that stay under temporary names, because a program that wrote one of them is running
 */
export async function recoverModel(directory: string): Promise<string[]> {
  const target = await placeOf(directory);
  // No config.json: a killed save may have left complete models under temporary names.
  const left = (await exists(join(target, CONFIG)))
    ? []
    : await finishReplacing(target, finishedAt, isReplaced).catch(() => []);
  await removeAbandonedFolders(target, finishedAt, isReplaced);
  await removeAbandonedIn(target);
  return left;
}

const readConfig = (directory: string) => readRegularText(join(directory, CONFIG));

const exists = (path: string) =>
  lstat(path).then(
    () => true,
    () => false,
  );

/** The size of those files of a folder that exist, in bytes. */
async function sizeOf(directory: string, names: readonly string[]): Promise<number> {
  const sizes = names.map((name) =>
    stat(join(directory, name)).then(
      ({ size }) => size,
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** True for a complete model folder: config.json is written last, so a folder that has it has everything. */
async function isWhole(folder: string): Promise<boolean> {
  return isModelConfig(await readConfig(folder).catch(() => ''));
}

/** When a model folder was completed, in milliseconds since 1970; undefined for an incomplete one. */
async function finishedAt(folder: string): Promise<number | undefined> {
  return (await isWhole(folder)) ? (await stat(join(folder, CONFIG))).mtimeMs : undefined;
}

/** The path that a place is. @throws TaurecError `bad-option` for what only a browser opens */
function pathOf(place: ModelPlace): string {
  if (typeof place === 'string') return place;
  throw new TaurecError('bad-option', { option: 'directory', got: place, expected: 'the path of a folder' });
}

/** The real path of a model folder. Saving then replaces the folder behind a symbolic link, and the link stays a link. */
function placeOf(directory: string): Promise<string> {
  return realpath(directory).catch(() => resolve(directory));
}

/** Writes one file of a model into a folder, and adds its digest to `digests`. Returns its name. */
export async function writeTensorFile(
  folder: string,
  { nameOf, tensors, metadata }: TensorFile,
  digests: Record<string, FileDigest>,
): Promise<string> {
  const unnamed = temporaryName(join(folder, 'file'));
  const digest = await writeSafetensors(unnamed, tensors, metadata);
  const name = nameOf(digest);
  await rename(unnamed, join(folder, name));
  digests[name] = digest;
  return name;
}
