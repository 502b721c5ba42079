import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Csr } from '../array/csr.ts';
import { infinityAsText } from '../array/infinity-as-text.ts';
import type { Matrix } from '../array/matrix.ts';
import { IdMap } from '../data/id-map.ts';
import { TaurecError } from '../errors.ts';
import { flush, temporaryName, writeAtomically } from './atomic-file.ts';
import {
  MODEL_FORMAT,
  MODEL_VERSION,
  type Model,
  type ModelConfig,
  modelConfigSchema,
  modelFactsSchema,
  modelProblem,
} from './model.ts';
import {
  openSafetensors,
  type Safetensors,
  type StreamedTensor,
  type Tensor,
  tensorOf,
  writeSafetensors,
} from './safetensors.ts';
import { Titles } from './titles.ts';
import { readTrainingState, writeTrainingState } from './training-state-file.ts';

const CONFIG = 'config.json';
const files = { embeddings: 'embeddings.safetensors', ids: 'ids.safetensors', seen: 'seen.safetensors' } as const;
const TRAINING = 'training.safetensors';
const modelFiles: readonly string[] = [CONFIG, TRAINING, ...Object.values(files)];

/**
 * Saves a model as a folder: config.json, embeddings.safetensors (`users` [U, d], `items` [I, d], `itemBias` [I] where there is one), ids.safetensors (ids, titles) and seen.safetensors (seen
 * items, popularity), and training.safetensors where the model carries its training state. All is written to a folder beside it and then renamed, so `directory` never holds half a model; an older model there is replaced,
 * what else lies in its folder stays. Throws `not-a-model` when the folder is not empty and holds no taurec model, `bad-model` when the parts do not fit.
 */
export async function saveModel(directory: string, model: Model): Promise<void> {
  const target = resolve(directory);
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
    await replaceFolder(target, temporary);
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
  const text = await readFile(join(directory, CONFIG), 'utf8').catch(() => '');
  if (formatOf(text) !== MODEL_FORMAT)
    throw new TaurecError('not-a-model', { directory, got: others.slice(0, 3).join(', ') });
}

/**
 * Opens a model. The arrays are views of what was read, in shared memory; nothing is parsed but config.json. Throws `no-model` when there is none,
 * `newer-model` when a later taurec wrote it, `bad-model` or `bad-safetensors`, naming the file, when one is damaged or does not fit the others.
 * @param options.trainingState reads what training needs to continue too, where it was kept; who serves does not need it. Default false.
 */
export async function openModel(
  directory: string,
  options: { readonly trainingState?: boolean } = {},
): Promise<Model<ModelConfig>> {
  const config = await readConfig(directory);
  const trainingState = options.trainingState ? await readTrainingState(join(directory, TRAINING)) : undefined;
  const [embeddings, ids, seen] = await Promise.all([
    openSafetensors(join(directory, files.embeddings)),
    openSafetensors(join(directory, files.ids)),
    openSafetensors(join(directory, files.seen)),
  ]);
  const { users, items, dimension } = config;
  const model: Model<ModelConfig> = {
    config,
    users: matrixOf(tensorOf(embeddings, 'users', 'F32', [users, dimension])),
    items: matrixOf(tensorOf(embeddings, 'items', 'F32', [items, dimension])),
    itemBias: embeddings.tensors.has('itemBias') ? tensorOf(embeddings, 'itemBias', 'F32', [items]).data : undefined,
    userIds: idMapOf(ids, 'users', users),
    itemIds: idMapOf(ids, 'items', items),
    seen: csrOf(seen, 'seen', users, items, config.interactions),
    validation: seen.tensors.has('validation.offsets') ? csrOf(seen, 'validation', users, items, -1) : undefined,
    popularity: tensorOf(seen, 'popularity', 'I32', [items]).data,
    titles: ids.tensors.has('titles.offsets')
      ? new Titles(
          tensorOf(ids, 'titles.bytes', 'U8', [-1]).data,
          tensorOf(ids, 'titles.offsets', 'U32', [items + 1]).data,
        )
      : undefined,
    ...(trainingState && { trainingState }),
  };
  const problem = modelProblem(model);
  if (problem)
    throw new TaurecError('bad-model', { path: join(directory, files[problem.part]), problem: problem.text });
  return model;
}

async function readConfig(directory: string): Promise<ModelConfig> {
  const path = join(directory, CONFIG);
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const problem = cause.code === 'ENOENT' ? `there is no ${CONFIG} in it` : cause.message;
    throw new TaurecError('no-model', { directory, problem }, { cause });
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new TaurecError('bad-model', { path, problem: `not JSON: ${(cause as Error).message}` }, { cause });
  }
  const { format, version } = (json ?? {}) as { format?: unknown; version?: unknown };
  if (format !== MODEL_FORMAT) {
    throw new TaurecError('no-model', {
      directory,
      problem: `${CONFIG} has format ${JSON.stringify(format)}, expected "${MODEL_FORMAT}"`,
    });
  }
  if (typeof version === 'number' && version > MODEL_VERSION) {
    throw new TaurecError('newer-model', { path, got: version, expected: MODEL_VERSION });
  }
  const parsed = modelConfigSchema.safeParse(json);
  if (!parsed.success) throw new TaurecError('bad-model', { path, problem: issuesOf(parsed.error) });
  return parsed.data;
}

/** Moves a finished folder to its place. The older folder steps aside first, and comes back when the move fails. */
async function replaceFolder(target: string, finished: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const aside = temporaryName(target);
  const replaces = await rename(target, aside).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
  try {
    await rename(finished, target);
  } catch (error) {
    if (replaces) await rename(aside, target);
    throw error;
  }
  await flush(dirname(target));
  if (!replaces) return;
  for (const name of await readdir(aside)) {
    if (!modelFiles.includes(name)) await rename(join(aside, name), join(target, name));
  }
  await rm(aside, { recursive: true });
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

const matrixOf = ({ shape: [rows, columns], data }: Tensor<Float32Array>): Matrix => ({
  rows: rows!,
  columns: columns!,
  stride: columns!,
  data,
});

const list = <A extends Tensor['data']>(data: A): Tensor<A> => ({ shape: [data.length], data });

const idTensors = (name: string, ids: IdMap) => ({
  [`${name}.offsets`]: list(ids.offsets),
  [`${name}.order`]: list(ids.order),
  [`${name}.bytes`]: list(ids.bytes),
});

const idMapOf = (file: Safetensors, name: string, size: number) =>
  new IdMap(
    tensorOf(file, `${name}.bytes`, 'U8', [-1]).data,
    tensorOf(file, `${name}.offsets`, 'U32', [size + 1]).data,
    tensorOf(file, `${name}.order`, 'U32', [size]).data,
  );

const csrTensors = (name: string, m: Csr) => ({
  [`${name}.offsets`]: list(m.offsets),
  [`${name}.indices`]: list(m.indices),
});

const csrOf = (file: Safetensors, name: string, rows: number, columns: number, entries: number): Csr => ({
  rows,
  columns,
  offsets: tensorOf(file, `${name}.offsets`, 'I32', [rows + 1]).data,
  indices: tensorOf(file, `${name}.indices`, 'I32', [entries]).data,
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

const issuesOf = (error: { issues: readonly { path: PropertyKey[]; message: string }[] }) =>
  error.issues.map((i) => `${i.path.join('.') || 'config'}: ${i.message}`).join('; ');
