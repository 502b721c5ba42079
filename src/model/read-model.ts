import type { Csr } from '../array/csr.ts';
import type { Matrix } from '../array/matrix.ts';
import { IdMap } from '../data/id-map.ts';
import { TaurecError } from '../errors.ts';
import { type Model, modelProblem } from './model.ts';
import { MODEL_FORMAT, MODEL_VERSION, type ModelConfig, modelConfigSchema } from './model-facts.ts';
import { type Safetensors, type Tensor, tensorOf } from './safetensors-format.ts';
import { Titles } from './titles.ts';

/** The file with the facts and sizes of a model, as JSON. */
export const CONFIG = 'config.json';
/** The files with the arrays of a model; every model has all three. */
export const files = {
  embeddings: 'embeddings.safetensors',
  ids: 'ids.safetensors',
  seen: 'seen.safetensors',
} as const;

/** Access to the files of a model, in a folder (Node) or at an address (browser). */
export interface ModelSource {
  /** The folder or address, for messages. */
  readonly place: string;
  /** A file's path or address, for messages. */
  pathOf(name: string): string;
  /** The text of config.json. Throws `no-model` when the file does not exist. */
  readConfig(): Promise<string>;
  /** Opens one of `files`. Throws `bad-safetensors`. */
  readTensors(name: string): Promise<Safetensors>;
}

/** Reads a model from its files, and checks that they fit together. Throws `no-model`, `newer-model`, `bad-model` or `bad-safetensors` (see `openModel`). */
export async function readModel(from: ModelSource): Promise<Model<ModelConfig>> {
  const config = await parsedConfig(from);
  const [embeddings, ids, seen] = await Promise.all([
    from.readTensors(files.embeddings),
    from.readTensors(files.ids),
    from.readTensors(files.seen),
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
  };
  const problem = modelProblem(model);
  if (problem) throw new TaurecError('bad-model', { path: from.pathOf(files[problem.part]), problem: problem.text });
  return model;
}

/** Reads and checks config.json: first the format and its version, so that a file of a later version gets its own error, then every field. */
async function parsedConfig(from: ModelSource): Promise<ModelConfig> {
  const path = from.pathOf(CONFIG);
  const text = await from.readConfig();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new TaurecError('bad-model', { path, problem: `not JSON: ${(cause as Error).message}` }, { cause });
  }
  const { format, version } = (json ?? {}) as { format?: unknown; version?: unknown };
  if (format !== MODEL_FORMAT) {
    throw new TaurecError('no-model', {
      directory: from.place,
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

/** A tensor as a matrix without padding; shares the tensor's memory. */
const matrixOf = ({ shape: [rows, columns], data }: Tensor<Float32Array>): Matrix => ({
  rows: rows!,
  columns: columns!,
  stride: columns!,
  data,
});

/** The id map whose arrays `saveModel` wrote with the prefix `name`. */
const idMapOf = (file: Safetensors, name: string, size: number) =>
  new IdMap(
    tensorOf(file, `${name}.bytes`, 'U8', [-1]).data,
    tensorOf(file, `${name}.offsets`, 'U32', [size + 1]).data,
    tensorOf(file, `${name}.order`, 'U32', [size]).data,
  );

/** The sparse matrix whose arrays `saveModel` wrote with the prefix `name`. `entries` is the expected number of pairs; −1: any. */
const csrOf = (file: Safetensors, name: string, rows: number, columns: number, entries: number): Csr => ({
  rows,
  columns,
  offsets: tensorOf(file, `${name}.offsets`, 'I32', [rows + 1]).data,
  indices: tensorOf(file, `${name}.indices`, 'I32', [entries]).data,
});

/** The issues that zod found, as one line: `path: message; …`. */
export const issuesOf = (error: { issues: readonly { path: PropertyKey[]; message: string }[] }) =>
  error.issues.map((i) => `${i.path.join('.') || 'config'}: ${i.message}`).join('; ');
