import type { Csr } from '../array/csr.ts';
import type { AnyMatrix } from '../array/half-matrix.ts';
import { sharedFloat32 } from '../array/shared.ts';
import { Titles } from '../catalogue/titles.ts';
import { TaurecError } from '../errors.ts';
import { catalogueOf, coldItemsOf, idMapOf } from './catalogue-tensors.ts';
import { type FileDigest, sealOf } from './file-digest.ts';
import { modelProblem, type ServedModel } from './model.ts';
import { MODEL_FORMAT, MODEL_VERSION, type ModelConfig, modelConfigSchema } from './model-facts.ts';
import { type Safetensors, type Tensor, tensorOf } from './safetensors-format.ts';

/** The file with the facts and sizes of a model, as JSON. */
export const CONFIG = 'config.json';
/** The files with the arrays of a model; every model has all three. */
export const files = {
  embeddings: 'embeddings.safetensors',
  ids: 'ids.safetensors',
  seen: 'seen.safetensors',
} as const;
/** The file of S; only models with a neighbour term have it. */
export const NEIGHBORS = 'neighbors.safetensors';

/** Access to the files of a model, in a folder (Node) or at an address (browser). */
export interface ModelSource {
  /** The folder or address, for messages. */
  readonly place: string;
  /** A file's path or address, for messages. */
  pathOf(name: string): string;
  /** The text of config.json. Throws `no-model` when the file does not exist. */
  readConfig(): Promise<string>;
  /** Opens one of `files`. Throws `bad-safetensors`. */
  readTensors(name: string, checks: TensorChecks): Promise<CheckedTensors>;
}

/** The checks of a file of a model. */
export interface TensorChecks {
  /** Size and SHA-256 that the file must have; undefined for a model without digests. */
  readonly digest?: FileDigest;
  /** All floats of 32 and 16 bits must be finite. */
  readonly finite: boolean;
}

/** An open file, and the checks that may still be running. */
export interface CheckedTensors {
  readonly file: Safetensors;
  /** Rejects with `damaged-file` or `bad-model` if a check fails. */
  readonly sound: Promise<void>;
}

/** A model whose parts fit together, and the checks of its files that may still be running. */
export interface OpenedModel {
  readonly model: ServedModel<ModelConfig>;
  /** Rejects with `damaged-file` or `bad-model` if a file is damaged or an embedding is not finite. */
  readonly sound: Promise<void>;
}

/** Reads a model from its files, and checks digests and that the files fit together. Throws `no-model`, `newer-model`, `damaged-file`, `bad-model` or `bad-safetensors` (see `openModel`). */
export async function readModel(from: ModelSource): Promise<OpenedModel> {
  const config = await readModelConfig(from);
  const names = [...Object.values(files), ...(config.neighbors ? [NEIGHBORS] : [])];
  const opened = await Promise.all(
    [...names, ...(config.catalogue ? [config.catalogue.file] : [])].map((name) =>
      from.readTensors(name, { digest: digestOf(config, name, from), finite: name === files.embeddings }),
    ),
  );
  const [embeddings, ids, seen, neighbors] = opened.slice(0, names.length).map(({ file }) => file) as [
    Safetensors,
    Safetensors,
    Safetensors,
    Safetensors?,
  ];
  const { users, items } = config;
  const catalogue = config.catalogue && catalogueOf(opened.at(-1)!.file, config.catalogue, items);
  const model: ServedModel<ModelConfig> = {
    config,
    users: matrixOf(embeddings, 'users', users, config),
    items: matrixOf(embeddings, 'items', items, config),
    itemBias: embeddings.tensors.has('itemBias') ? copied(tensorOf(embeddings, 'itemBias', 'F32', [items])) : undefined,
    neighbors: neighbors && {
      ...config.neighbors!,
      votes: {
        ...csrOf(neighbors, 'votes', items, items, -1),
        values: tensorOf(neighbors, 'votes.values', 'F32', [-1]).data,
      },
    },
    userIds: idMapOf(ids, 'users', users),
    itemIds: idMapOf(ids, 'items', items),
    seen: csrOf(seen, 'seen', users, items, config.interactions),
    validation: seen.tensors.has('validation.offsets') ? csrOf(seen, 'validation', users, items, -1) : undefined,
    popularity: tensorOf(seen, 'popularity', 'I32', [items]).data,
    titles: catalogue?.itemTitles ?? titlesOf(ids, items),
    catalogue,
    cold: config.catalogue && coldItemsOf(opened.at(-1)!.file, config.catalogue),
  };
  const problem = modelProblem(model, true);
  if (problem)
    throw new TaurecError('bad-model', {
      path: from.pathOf(
        problem.part === 'neighbors'
          ? NEIGHBORS
          : problem.part === 'catalogue'
            ? config.catalogue!.file
            : files[problem.part],
      ),
      problem: problem.text,
    });
  const sound = Promise.all(opened.map((file) => file.sound)).then(() => {});
  // Whoever awaits it gets the error; nobody may have begun to when it comes.
  sound.catch(() => {});
  return { model, sound };
}

/** The digest of a file in the list of config.json; undefined for a model without a list. Throws `damaged-file` for a file that a list does not name. */
export function digestOf(
  { files: listed }: ModelConfig,
  name: string,
  from: Pick<ModelSource, 'pathOf'>,
): FileDigest | undefined {
  if (listed && !Object.hasOwn(listed, name)) {
    throw new TaurecError('damaged-file', {
      path: from.pathOf(name),
      problem: `it is not part of this model: ${CONFIG} does not list it`,
    });
  }
  return listed?.[name];
}

/** Reads and checks config.json: first the format and its version, so that a file of a later version gets its own error, then every field and the file's own digest. */
export async function readModelConfig(
  from: Pick<ModelSource, 'place' | 'pathOf' | 'readConfig'>,
): Promise<ModelConfig> {
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
  const seal = sealOf(text);
  // A list of digests is always sealed: without a seal, a damaged list would pass for a model that has none.
  if (seal === 'damaged' || (seal === 'unsealed' && parsed.data.files)) {
    throw new TaurecError('damaged-file', { path, problem: 'its content does not match its own digest' });
  }
  return parsed.data;
}

/** A copy: a view would keep the embeddings of the file in memory, of which an engine has its own. */
function copied({ data }: Tensor<Float32Array>): Float32Array {
  const copy = sharedFloat32(data.length);
  copy.set(data);
  return copy;
}

/** A table of embeddings, without padding; shares the tensor's memory. */
function matrixOf(
  file: Safetensors,
  name: string,
  rows: number,
  { dimension, precision }: Pick<ModelConfig, 'dimension' | 'precision'>,
): AnyMatrix {
  const sizes = { rows, columns: dimension, stride: dimension };
  const shape = [rows, dimension];
  return precision === 'f16'
    ? { ...sizes, panel: 1, data: tensorOf(file, name, 'F16', shape).data }
    : { ...sizes, data: tensorOf(file, name, 'F32', shape).data };
}

/** The titles in the file of ids; undefined without. */
export function titlesOf(ids: Safetensors, items: number): Titles | undefined {
  if (!ids.tensors.has('titles.offsets')) return undefined;
  const offsets = tensorOf(ids, 'titles.offsets', 'U32', [items + 1]).data;
  return new Titles(tensorOf(ids, 'titles.bytes', 'U8', [-1]).data, offsets);
}

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
