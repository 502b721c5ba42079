/** The model folder in Node: saves a model atomically, opens one, and reads or writes its training state. `read-model.ts` has the part shared with browsers. */

import { mkdir, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Csr } from '../array/csr.ts';
import { infinityAsText } from '../array/infinity-as-text.ts';
import type { Matrix } from '../array/matrix.ts';
import type { IdMap } from '../data/id-map.ts';
import { TaurecError } from '../errors.ts';
import { temporaryName, writeAtomically } from '../platform/atomic-file.ts';
import { finishReplacing, replaceFolder } from '../platform/replace-folder.ts';
import { checkWritable } from '../platform/write-fault.ts';
import { type Model, modelProblem } from './model.ts';
import { MODEL_FORMAT, MODEL_VERSION, type ModelConfig, modelFactsSchema } from './model-facts.ts';
import { CONFIG, files, issuesOf, readModel } from './read-model.ts';
import { openSafetensors, writeSafetensors } from './safetensors.ts';
import { type StreamedTensor, type Tensor, tensorOf } from './safetensors-format.ts';
import type { ModelTrainingState } from './training-state.ts';

const TRAINING = 'training.safetensors';
const modelFiles: readonly string[] = [CONFIG, TRAINING, ...Object.values(files)];
/** Files of the old model that a save removes. Approximate indexes are among them: they index the old embeddings. */
const isReplaced = (name: string) => modelFiles.includes(name) || isIndexName(name);

/**
 * Saves a model as a folder:
 *
 * - config.json: the facts about the training, and the sizes
 * - embeddings.safetensors: `users` [U, d], `items` [I, d], and `itemBias` [I] if the model has item biases
 * - ids.safetensors: ids of users and items, and titles
 * - seen.safetensors: seen items, validation items, popularity
 * - training.safetensors: the training state, if the model carries one
 *
 * The save is atomic: all files are written to a temporary folder, which is then renamed, so `directory` never holds half a model. A save replaces an older model in `directory` and removes its approximate
 * indexes; all other files in the folder stay.
 *
 * @throws TaurecError `not-a-model` when the folder is not empty and holds no taurec model; `bad-model` when the parts do not fit together
 */
export async function saveModel(directory: string, model: Model): Promise<void> {
  const target = await placeOf(directory);
  // Check everything before the first byte is written.
  const problem = modelProblem(model);
  if (problem) throw new TaurecError('bad-model', { path: directory, problem: problem.text });
  const facts = modelFactsSchema.safeParse(model.config);
  if (!facts.success) throw new TaurecError('bad-model', { path: directory, problem: issuesOf(facts.error) });
  await checkModelTarget(directory);
  const config: ModelConfig = {
    format: MODEL_FORMAT,
    version: MODEL_VERSION,
    dimension: model.items.columns,
    users: model.users.rows,
    items: model.items.rows,
    interactions: model.seen.indices.length,
    ...facts.data,
    versions: facts.data.versions ?? { taurec: await ownVersion(), node: process.versions.node },
  };
  const temporary = temporaryName(target);
  await mkdir(temporary, { recursive: true });
  try {
    const { users, items, itemBias, seen, validation, popularity } = model;
    await writeSafetensors(
      join(temporary, files.embeddings),
      { users: table(users), items: table(items), ...(itemBias && { itemBias: list(itemBias) }) },
      { format: MODEL_FORMAT, score: config.score },
    );
    await writeSafetensors(join(temporary, files.ids), {
      ...idTensors('users', model.userIds),
      ...idTensors('items', model.itemIds),
      ...(model.titles && { 'titles.offsets': list(model.titles.offsets), 'titles.bytes': list(model.titles.bytes) }),
    });
    await writeSafetensors(join(temporary, files.seen), {
      ...csrTensors('seen', seen),
      ...(validation && csrTensors('validation', validation)),
      popularity: list(popularity),
    });
    if (model.trainingState) await writeTrainingState(join(temporary, TRAINING), model.trainingState);
    // config.json comes last: `isWhole` takes a folder that has it for a complete model.
    await writeAtomically(join(temporary, CONFIG), (name) =>
      writeFile(name, `${JSON.stringify(config, infinityAsText, 2)}\n`),
    );
    await replaceFolder(target, temporary, isReplaced);
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
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    if (error.code === 'ENOTDIR') throw new TaurecError('not-a-model', { directory, got: 'a file' });
    throw error;
  });
  // A run may keep its checkpoints in the folder that its model will be saved to.
  const others = names.filter((name) => !name.startsWith('checkpoint'));
  if (others.length > 0 && !(await isWhole(directory)))
    throw new TaurecError('not-a-model', { directory, got: others.slice(0, 3).join(', ') });
  // A model is finished next to its folder and then moved; checkpoints are written into it.
  await checkWritable(dirname(resolve(directory)));
  await checkWritable(directory);
}

/**
 * Opens a model folder. The arrays are views of the files' contents in shared memory; only config.json is parsed. If a program was killed while it replaced the model, `openModel` completes the replacement first.
 *
 * @param options.trainingState also reads the state that training continues from, if the model was saved with it. It is 2–3× the size of the embeddings; the server never reads it. Default false.
 * @throws TaurecError `no-model` when the folder holds no model; `newer-model` when a later taurec wrote it; `bad-model` or `bad-safetensors`, naming the file, when a file is damaged or does not fit the others
 */
export async function openModel(
  directory: string,
  options: { readonly trainingState?: boolean } = {},
): Promise<Model<ModelConfig>> {
  const model = await readModel({
    place: directory,
    pathOf: (name) => join(directory, name),
    readConfig: () =>
      readConfig(directory).catch(async (cause: NodeJS.ErrnoException) => {
        if (cause.code !== 'ENOENT')
          throw new TaurecError('no-model', { directory, problem: cause.message }, { cause });
        // No config.json: a killed save may have left complete models under temporary names. Finish that save, then try once more.
        const left = await finishReplacing(await placeOf(directory), finishedAt, isReplaced).catch(() => []);
        return readConfig(directory).catch(() => {
          const others = left.length === 0 ? '' : `; an interrupted save left complete models in ${left.join(', ')}`;
          throw new TaurecError('no-model', { directory, problem: `it has no ${CONFIG}${others}` }, { cause });
        });
      }),
    readTensors: (name) => openSafetensors(join(directory, name)),
  });
  const trainingState = options.trainingState ? await readTrainingState(join(directory, TRAINING)) : undefined;
  return trainingState ? { ...model, trainingState } : model;
}

const readConfig = (directory: string) => readFile(join(directory, CONFIG), 'utf8');

/** True for a complete model folder: config.json is written last, so a folder that has it has everything. */
async function isWhole(folder: string): Promise<boolean> {
  return formatOf(await readConfig(folder).catch(() => '')) === MODEL_FORMAT;
}

/** When a model folder was completed, in milliseconds since 1970; undefined for an incomplete one. */
async function finishedAt(folder: string): Promise<number | undefined> {
  return (await isWhole(folder)) ? (await stat(join(folder, CONFIG))).mtimeMs : undefined;
}

/** The real path of a model folder. Saving then replaces the folder behind a symbolic link, and the link stays a link. */
function placeOf(directory: string): Promise<string> {
  return realpath(directory).catch(() => resolve(directory));
}

/** A matrix as a tensor without the padding of its rows. A padded matrix is copied in pieces of about 4 MB (10⁶ floats). */
function table(m: Matrix): StreamedTensor {
  return {
    shape: [m.rows, m.columns],
    type: 'F32',
    *pieces() {
      // Without padding the rows are contiguous: one view, no copy.
      if (m.stride === m.columns) return yield m.data.subarray(0, m.rows * m.columns);
      const rows = Math.max(1, Math.floor(1e6 / m.columns));
      for (let first = 0; first < m.rows; first += rows) {
        const piece = new Float32Array(Math.min(rows, m.rows - first) * m.columns);
        for (let at = 0; at < piece.length; at += m.columns) {
          const begin = (first + at / m.columns) * m.stride;
          piece.set(m.data.subarray(begin, begin + m.columns), at);
        }
        yield piece;
      }
    },
  };
}

/** A one-dimensional tensor over a typed array. */
const list = <A extends Tensor['data']>(data: A): Tensor<A> => ({ shape: [data.length], data });

/** The three arrays of an `IdMap` as tensors, with `name` as their prefix. */
const idTensors = (name: string, ids: IdMap) => ({
  [`${name}.offsets`]: list(ids.offsets),
  [`${name}.order`]: list(ids.order),
  [`${name}.bytes`]: list(ids.bytes),
});

/** The offsets and indices of a sparse matrix as tensors. The number of rows and columns is in config.json. */
const csrTensors = (name: string, m: Csr) => ({
  [`${name}.offsets`]: list(m.offsets),
  [`${name}.indices`]: list(m.indices),
});

async function ownVersion(): Promise<string> {
  return JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')).version;
}

/** The `format` field of a JSON text; undefined when the text is not JSON. */
function formatOf(text: string): unknown {
  try {
    return JSON.parse(text)?.format;
  } catch {
    return undefined;
  }
}

const FORMAT = 'taurec-training-1';
const WEIGHTS = 'interactionWeights';

/** Writes `training.safetensors`: the arrays by name; the metadata hold the format, and the epochs and steps completed. */
async function writeTrainingState(path: string, state: ModelTrainingState): Promise<void> {
  const { epochs, steps, arrays, interactionWeights: weights } = state;
  const tensors = weights ? { ...arrays, [WEIGHTS]: { shape: [weights.length], data: weights } } : arrays;
  await writeSafetensors(path, tensors, { format: FORMAT, epochs: `${epochs}`, steps: `${steps}` });
}

/**
 * Reads `training.safetensors`. Returns undefined when the file does not exist: an update then starts with fresh optimiser moments.
 * @throws TaurecError `bad-safetensors`, `bad-model`
 */
async function readTrainingState(path: string): Promise<ModelTrainingState | undefined> {
  if (!(await stat(path).catch(() => undefined))) return undefined;
  const file = await openSafetensors(path);
  const { format } = file.metadata;
  if (format !== FORMAT) throw new TaurecError('bad-model', { path, problem: `format ${format}, expected ${FORMAT}` });
  // Metadata of safetensors are strings only.
  const [epochs, steps] = [Number(file.metadata.epochs), Number(file.metadata.steps)];
  if (!(Number.isSafeInteger(epochs) && Number.isSafeInteger(steps) && epochs >= 0 && steps >= 0)) {
    const problem = `epochs ${file.metadata.epochs} and steps ${file.metadata.steps}, expected whole numbers`;
    throw new TaurecError('bad-model', { path, problem });
  }
  const arrays: Record<string, Tensor<Float32Array>> = {};
  for (const [name, { shape }] of file.tensors) if (name !== WEIGHTS) arrays[name] = tensorOf(file, name, 'F32', shape);
  const interactionWeights = file.tensors.has(WEIGHTS) ? tensorOf(file, WEIGHTS, 'F32', [-1]).data : undefined;
  return { epochs, steps, arrays, ...(interactionWeights && { interactionWeights }) };
}

/** The file name of an approximate index in a model folder. `key` is a digest of the indexed embeddings (16 hexadecimal digits), so an index of other embeddings has another name and is never opened by mistake. */
export const indexName = (key: string): string => `index-${key}.usearch`;

/** True for the file name of an approximate index, whatever embeddings it indexes. */
export const isIndexName = (name: string): boolean => /^index-[0-9a-f]{16}\.usearch$/.test(name);
