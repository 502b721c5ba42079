import { mkdir, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Csr } from '../array/csr.ts';
import { infinityAsText } from '../array/infinity-as-text.ts';
import type { Matrix } from '../array/matrix.ts';
import type { IdMap } from '../data/id-map.ts';
import { TaurecError } from '../errors.ts';
import { temporaryName, writeAtomically } from '../platform/atomic-file.ts';
import { finishReplacing, replaceFolder } from '../platform/replace-folder.ts';
import { type Model, modelProblem } from './model.ts';
import { MODEL_FORMAT, MODEL_VERSION, type ModelConfig, modelFactsSchema } from './model-facts.ts';
import { CONFIG, files, issuesOf, readModel } from './read-model.ts';
import { openSafetensors, writeSafetensors } from './safetensors.ts';
import { type StreamedTensor, type Tensor, tensorOf } from './safetensors-format.ts';
import type { ModelTrainingState } from './training-state.ts';

const TRAINING = 'training.safetensors';
const modelFiles: readonly string[] = [CONFIG, TRAINING, ...Object.values(files)];
/** An index is of the older embeddings. */
const isReplaced = (name: string) => modelFiles.includes(name) || isIndexName(name);

/**
 * Saves a model as a folder: config.json, embeddings.safetensors (`users` [U, d], `items` [I, d], `itemBias` [I] where there is one), ids.safetensors (ids, titles) and seen.safetensors (seen
 * items, popularity), and training.safetensors where the model carries its training state. Everything is written to a temporary folder, which is then renamed: `directory` never holds half a model; an older model there is replaced,
 * what else lies in its folder stays, but for approximate indexes of the older one. Throws `not-a-model` when the folder is not empty and holds no taurec model, `bad-model` when the parts do not fit.
 */
export async function saveModel(directory: string, model: Model): Promise<void> {
  const target = await placeOf(directory);
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
    await writeAtomically(join(temporary, CONFIG), (name) =>
      writeFile(name, `${JSON.stringify(config, infinityAsText, 2)}\n`),
    );
    await replaceFolder(target, temporary, isReplaced);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

/** Throws `not-a-model` unless a model may be saved there: nothing, an empty folder, an older model. For asking before a long run. */
export async function checkModelTarget(directory: string): Promise<void> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    if (error.code === 'ENOTDIR') throw new TaurecError('not-a-model', { directory, got: 'a file' });
    throw error;
  });
  // A run's checkpoints may lie where its model will.
  const others = names.filter((name) => !name.startsWith('checkpoint'));
  if (others.length === 0) return;
  if (!(await isWhole(directory)))
    throw new TaurecError('not-a-model', { directory, got: others.slice(0, 3).join(', ') });
}

/**
 * Opens a model. Where a program was killed in the middle of replacing one, that is finished first. The arrays are views of what was read, in shared memory; nothing is parsed but config.json. Throws `no-model` when there is none,
 * `newer-model` when a later taurec wrote it, `bad-model` or `bad-safetensors`, naming the file, when one is damaged or does not fit the others.
 * @param options.trainingState also reads what training needs to continue, where it was kept. It is 2–3× the size of the embeddings; the server never reads it. Default false.
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
        const left = await finishReplacing(await placeOf(directory), finishedAt, isReplaced).catch(() => []);
        return readConfig(directory).catch(() => {
          const others = left.length === 0 ? '' : `; whole models that a stopped program left are ${left.join(', ')}`;
          throw new TaurecError('no-model', { directory, problem: `there is no ${CONFIG} in it${others}` }, { cause });
        });
      }),
    readTensors: (name) => openSafetensors(join(directory, name)),
  });
  const trainingState = options.trainingState ? await readTrainingState(join(directory, TRAINING)) : undefined;
  return trainingState ? { ...model, trainingState } : model;
}

const readConfig = (directory: string) => readFile(join(directory, CONFIG), 'utf8');

/** The configuration is written last. */
async function isWhole(folder: string): Promise<boolean> {
  return formatOf(await readConfig(folder).catch(() => '')) === MODEL_FORMAT;
}

async function finishedAt(folder: string): Promise<number | undefined> {
  return (await isWhole(folder)) ? (await stat(join(folder, CONFIG))).mtimeMs : undefined;
}

/** Where a model really lies: a symbolic link to its folder stays one. */
function placeOf(directory: string): Promise<string> {
  return realpath(directory).catch(() => resolve(directory));
}

/** A table row by row without its padding, some megabytes at a time. */
function table(m: Matrix): StreamedTensor {
  return {
    shape: [m.rows, m.columns],
    type: 'F32',
    *pieces() {
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

const list = <A extends Tensor['data']>(data: A): Tensor<A> => ({ shape: [data.length], data });

const idTensors = (name: string, ids: IdMap) => ({
  [`${name}.offsets`]: list(ids.offsets),
  [`${name}.order`]: list(ids.order),
  [`${name}.bytes`]: list(ids.bytes),
});

const csrTensors = (name: string, m: Csr) => ({
  [`${name}.offsets`]: list(m.offsets),
  [`${name}.indices`]: list(m.indices),
});

async function ownVersion(): Promise<string> {
  return JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')).version;
}

function formatOf(text: string): unknown {
  try {
    return JSON.parse(text)?.format;
  } catch {
    return undefined;
  }
}

const FORMAT = 'taurec-training-1';
const WEIGHTS = 'interactionWeights';

/** Writes `training.safetensors`: the arrays by name, and as metadata the format and the epochs and steps that they have seen. */
async function writeTrainingState(path: string, state: ModelTrainingState): Promise<void> {
  const { epochs, steps, arrays, interactionWeights: weights } = state;
  const tensors = weights ? { ...arrays, [WEIGHTS]: { shape: [weights.length], data: weights } } : arrays;
  await writeSafetensors(path, tensors, { format: FORMAT, epochs: `${epochs}`, steps: `${steps}` });
}

/** Undefined where there is no such file: its model begins with fresh moments. Throws `bad-safetensors`, `bad-model`. */
async function readTrainingState(path: string): Promise<ModelTrainingState | undefined> {
  if (!(await stat(path).catch(() => undefined))) return undefined;
  const file = await openSafetensors(path);
  const { format } = file.metadata;
  if (format !== FORMAT) throw new TaurecError('bad-model', { path, problem: `format ${format}, expected ${FORMAT}` });
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

/** The file of the approximate index of embeddings with this key, in the model's folder. The name says what it is of, so that it is whole and fits, or is not there. */
export const indexName = (key: string): string => `index-${key}.usearch`;

/** True for the name of an approximate index. */
export const isIndexName = (name: string): boolean => /^index-[0-9a-f]{16}\.usearch$/.test(name);
