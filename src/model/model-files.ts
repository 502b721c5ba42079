/** The files of a model as facts and tensors: what `saveModel` writes, in Node and in a browser, and what of an older model it replaces. */

import type { Csr } from '../array/csr.ts';
import { HALF_OVERFLOW, narrow } from '../array/half.ts';
import type { Matrix } from '../array/matrix.ts';
import { TaurecError } from '../errors.ts';
import { settingsOf } from '../neighbors/neighbors.ts';
import { version } from '../platform/version.ts';
import {
  catalogueFacts,
  catalogueName,
  catalogueTensors,
  idTensors,
  isCatalogueName,
  list,
} from './catalogue-tensors.ts';
import { type FileDigest, sealedJson } from './file-digest.ts';
import { type Model, modelProblem } from './model.ts';
import {
  MODEL_FORMAT,
  MODEL_VERSION,
  type ModelConfig,
  modelConfigSchema,
  modelFactsSchema,
  NEIGHBORS_VERSION,
  PLAIN_VERSION,
} from './model-facts.ts';
import { type Precision, precisions } from './precision.ts';
import { CONFIG, files, issuesOf, NEIGHBORS } from './read-model.ts';
import { type Safetensors, type StreamedTensor, type Tensor, tensorOf } from './safetensors-format.ts';
import type { ModelTrainingState } from './training-state.ts';

/** The file of the training state. */
export const TRAINING = 'training.safetensors';
const modelFiles: readonly string[] = [CONFIG, TRAINING, NEIGHBORS, ...Object.values(files)];
/** True for the names of the files that every model has, and of the training state. */
export const isModelFile = (name: string): boolean => modelFiles.includes(name);

/** The file name of an approximate index in a model folder. `key` is a digest of the indexed embeddings (16 hexadecimal digits), so an index of other embeddings has another name and is never opened by mistake. */
export const indexName = (key: string): string => `index-${key}.usearch`;
/** True for the file name of an approximate index, whatever embeddings it indexes. */
export const isIndexName = (name: string): boolean => /^index-[0-9a-f]{16}\.usearch$/.test(name);

/** Files of the old model that a save removes. Approximate indexes are among them: they index the old embeddings. */
export const isReplaced = (name: string): boolean => isModelFile(name) || isIndexName(name) || isCatalogueName(name);

/** One safetensors file of a model. */
export interface TensorFile {
  /** The file's name; that of a catalogue follows from its digest. */
  nameOf(digest: FileDigest): string;
  readonly tensors: Readonly<Record<string, Tensor | StreamedTensor>>;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A model as it is written. */
export interface ModelFiles {
  /** All files but config.json, in the order of their digests there. */
  readonly tensorFiles: readonly TensorFile[];
  /** The text of config.json, given the digests of all files, by name. */
  configText(digests: Readonly<Record<string, FileDigest>>): string;
}

/**
 * The files of a model. Everything is checked here, before the first byte is written.
 * @param place the folder, for messages
 * @param program what runs taurec: the version of Node, or `browser`
 * @param precision the type in which the embeddings are stored. Default: the model's own
 * @throws TaurecError `bad-model` when the parts do not fit together, or an embedding is not finite; `half-overflow` when one is too large for 16 bits
 */
export function filesOf(
  model: Model,
  place: string,
  program: string,
  precision: Precision = model.config.precision ?? 'f32',
): ModelFiles {
  const problem = modelProblem(model);
  if (problem) throw new TaurecError('bad-model', { path: place, problem: problem.text });
  if (!precisions.includes(precision))
    throw new TaurecError('bad-option', { option: 'precision', got: precision, expected: "'f32' or 'f16'" });
  const facts = modelFactsSchema.safeParse(model.config);
  if (!facts.success) throw new TaurecError('bad-model', { path: place, problem: issuesOf(facts.error) });
  const { users, items, itemBias, seen, validation, popularity, neighbors, catalogue, cold, titles } = model;
  const isHalf = precision === 'f16';
  if (isHalf) for (const side of ['user', 'item'] as const) refuseOverflow(model, side);
  const table = isHalf ? halfTable : floatTable;
  const { precision: _precision, ...withoutPrecision } = facts.data;
  const config: ModelConfig = {
    format: MODEL_FORMAT,
    version: isHalf ? MODEL_VERSION : neighbors ? NEIGHBORS_VERSION : PLAIN_VERSION,
    dimension: items.columns,
    users: users.rows,
    items: items.rows,
    interactions: seen.indices.length,
    ...withoutPrecision,
    ...(isHalf && { precision }),
    ...(neighbors && { neighbors: settingsOf(neighbors) }),
    versions: facts.data.versions ?? { taurec: version, node: program },
  };
  const tensorFiles: TensorFile[] = [
    {
      nameOf: () => files.embeddings,
      tensors: { users: table(users), items: table(items), ...(itemBias && { itemBias: list(itemBias) }) },
      metadata: { format: MODEL_FORMAT, score: config.score },
    },
    {
      nameOf: () => files.ids,
      tensors: {
        ...idTensors('users', model.userIds),
        ...idTensors('items', model.itemIds),
        ...(titles && { 'titles.offsets': list(titles.offsets), 'titles.bytes': list(titles.bytes) }),
      },
    },
    {
      nameOf: () => files.seen,
      tensors: {
        ...csrTensors('seen', seen),
        ...(validation && csrTensors('validation', validation)),
        popularity: list(popularity),
      },
    },
  ];
  if (neighbors) {
    const { votes } = neighbors;
    const tensors = { ...csrTensors('votes', votes), 'votes.values': list(votes.values!) };
    tensorFiles.push({ nameOf: () => NEIGHBORS, tensors });
  }
  if (catalogue) tensorFiles.push(catalogueFile(model));
  if (model.trainingState) tensorFiles.push(trainingFile(isHalf ? exactState(model) : model.trainingState));
  return {
    tensorFiles,
    configText(digests) {
      const file = Object.keys(digests).find(isCatalogueName);
      const described = catalogue && { catalogue: catalogueFacts(catalogue, file!, cold) };
      return sealedJson({ ...config, ...described, files: digests });
    },
  };
}

/** The file of a model's catalogue, and of what its attributes tell. */
export const catalogueFile = ({ catalogue, cold }: Pick<Model, 'catalogue' | 'cold'>): TensorFile => ({
  nameOf: ({ sha256 }) => catalogueName(sha256.slice(0, 16)),
  tensors: catalogueTensors(catalogue!, cold),
});

/** The digests that the config.json of an older model lists for files that stay beside the new one. `text`: the old config.json; empty without one. */
export function keptDigests(text: string, isRewritten: (name: string) => boolean): Record<string, FileDigest> {
  try {
    const listed = modelConfigSchema.parse(JSON.parse(text)).files ?? {};
    return Object.fromEntries(Object.entries(listed).filter(([name]) => !isRewritten(name)));
  } catch {
    return {};
  }
}

/** Whether a text is the config.json of a taurec model, of any version. */
export function isModelConfig(text: string): boolean {
  try {
    return JSON.parse(text)?.format === MODEL_FORMAT;
  } catch {
    return false;
  }
}

/** A matrix as a tensor without the padding of its rows. A padded matrix is copied in pieces of about 4 MB (10⁶ floats). */
function floatTable(m: Matrix): StreamedTensor {
  return {
    shape: [m.rows, m.columns],
    type: 'F32',
    *pieces() {
      // Without padding the rows are contiguous: one view, no copy.
      if (m.stride === m.columns) yield m.data.subarray(0, m.rows * m.columns);
      else yield* unpadded(m);
    },
  };
}

/** A matrix as a tensor of 16-bit floats, rounded piece by piece. */
function halfTable(m: Matrix): StreamedTensor {
  return {
    shape: [m.rows, m.columns],
    type: 'F16',
    *pieces() {
      for (const floats of unpadded(m)) {
        const halves = new Uint16Array(floats.length);
        narrow(floats, halves);
        yield halves;
      }
    },
  };
}

/** The elements of a matrix without padding, in copies of about 4 MB (10⁶ floats). */
function* unpadded(m: Matrix): Generator<Float32Array> {
  const rows = Math.max(1, Math.floor(1e6 / m.columns));
  for (let first = 0; first < m.rows; first += rows) {
    const piece = new Float32Array(Math.min(rows, m.rows - first) * m.columns);
    for (let at = 0; at < piece.length; at += m.columns) {
      const begin = (first + at / m.columns) * m.stride;
      piece.set(m.data.subarray(begin, begin + m.columns), at);
    }
    yield piece;
  }
}

/** @throws TaurecError `half-overflow` for the first row of a table with an element that would round to infinity */
function refuseOverflow(model: Model, side: 'user' | 'item'): void {
  const [{ rows, columns, stride, data }, ids] =
    side === 'user' ? [model.users, model.userIds] : [model.items, model.itemIds];
  for (let r = 0; r < rows; r++) {
    for (let at = r * stride; at < r * stride + columns; at++) {
      if (Math.abs(data[at]!) < HALF_OVERFLOW) continue;
      throw new TaurecError('half-overflow', { side, id: ids.idOf(r), column: at - r * stride, got: data[at] });
    }
  }
}

/** The training state with the exact base embeddings, which an update continues from: without a backbone they are the model's embeddings before rounding. */
function exactState({ trainingState, users, items }: Model): WrittenState {
  const { arrays, ...state } = trainingState!;
  return { ...state, arrays: { users: floatTable(users), items: floatTable(items), ...arrays } };
}

/** The offsets and indices of a sparse matrix as tensors. The number of rows and columns is in config.json. */
const csrTensors = (name: string, m: Csr) => ({
  [`${name}.offsets`]: list(m.offsets),
  [`${name}.indices`]: list(m.indices),
});

const FORMAT = 'taurec-training-1';
const WEIGHTS = 'interactionWeights';

/** A training state whose arrays may be streamed. */
type WrittenState = Omit<ModelTrainingState, 'arrays'> & { readonly arrays: TensorFile['tensors'] };

/** `training.safetensors`: the arrays by name; the metadata hold the format, and the epochs and steps completed. */
function trainingFile({ epochs, steps, arrays, interactionWeights: weights }: WrittenState): TensorFile {
  const tensors = weights ? { ...arrays, [WEIGHTS]: { shape: [weights.length], data: weights } } : arrays;
  return { nameOf: () => TRAINING, tensors, metadata: { format: FORMAT, epochs: `${epochs}`, steps: `${steps}` } };
}

/**
 * The training state that `training.safetensors` holds.
 * @throws TaurecError `bad-safetensors`, `bad-model`
 */
export function trainingStateOf(file: Safetensors): ModelTrainingState {
  const { path } = file;
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
