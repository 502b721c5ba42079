import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Csr, csrHas, csrRow } from '../../array/csr.ts';
import { type Matrix, matrix, row } from '../../array/matrix.ts';
import { sharedFloat32, sharedInt32 } from '../../array/shared.ts';
import { IdMap } from '../../data/id-map.ts';
import { TaurecError } from '../../errors.ts';
import { readVersions } from '../../model/current-version.ts';
import { createModel, type Model, trainedItems } from '../../model/model.ts';
import { modelStamp, openToChange, saveModel } from '../../model/model-directory.ts';
import { isIndexName } from '../../model/model-files.ts';
import type { ModelTrainingState, TrainedArrays } from '../../model/training-state.ts';
import { buildNeighbors } from '../../neighbors/build-neighbors.ts';
import { writeAtomically } from '../../platform/atomic-file.ts';
import { buildIndex } from '../../recommender/index-file.ts';

/** What a removal found. */
export interface Forgotten {
  /** Whether the model knew the user. */
  readonly known: boolean;
  /** Interactions of the user that the model held; of several versions, the most that one held. */
  readonly interactions: number;
}

/**
 * Removes a user from a model folder: id, embedding, seen and held-out items, optimiser moments, loss state and weights of the training state, rows of a test part, and checkpoints, which hold all of this too. An
 * approximate index is built again. In a folder of versions the user is removed from each of them. What the user contributed to the embeddings of items stays: it is an aggregate of all users.
 * @throws TaurecError the errors of `openModel` and `saveModel`; `model-changed` when another program saves the model meanwhile
 */
export async function forgetUser(path: string, user: string): Promise<Forgotten> {
  const versions = await readVersions(path);
  if (!versions) return forgetIn(path, user);
  const found: Forgotten[] = [];
  for (const { name } of versions.versions) found.push(await forgetIn(join(path, name), user));
  return {
    known: found.some(({ known }) => known),
    interactions: Math.max(0, ...found.map(({ interactions }) => interactions)),
  };
}

/** `forgetUser` for one model folder. */
async function forgetIn(directory: string, user: string): Promise<Forgotten> {
  const { model, stamp } = await openToChange(directory);
  const index = model.userIds.indexOf(user);
  // Also for a user whom the model does not know: an interrupted training may have held back everything of them.
  await withoutTestRows(join(directory, 'test.csv'), user);
  for (const name of await readdir(directory)) {
    if (name.startsWith('checkpoint')) await rm(join(directory, name), { force: true, recursive: true });
  }
  if (index < 0) return { known: false, interactions: 0 };
  const indexed = (await readdir(directory)).some(isIndexName);
  const smaller = withoutUser(model, index);
  if ((await modelStamp(directory)) !== stamp) throw new TaurecError('model-changed', { directory });
  await saveModel(directory, smaller);
  if (indexed) await buildIndex(directory);
  return { known: true, interactions: model.seen.indices.length - smaller.seen.indices.length };
}

/** The model without the user at `index`; later users move up by one. */
export function withoutUser<M extends Model>(model: M, index: number): Model {
  const { popularity: _, trainingState, ...parts } = model;
  const seen = withoutCsrRow(model.seen, index);
  const validation = model.validation && withoutCsrRow(model.validation, index);
  const state = trainingState && withoutState(model, trainingState, index);
  const trained = trainedItems({ seen, validation });
  const ids = Array.from({ length: model.users.rows }, (_, u) => model.userIds.idOf(u)).toSpliced(index, 1);
  return createModel({
    ...parts,
    users: withoutMatrixRow(model.users, index),
    userIds: IdMap.fromIds(ids),
    seen,
    ...(validation && { validation }),
    ...(state && { trainingState: state }),
    // pairs of items that only this user had would stay in S
    ...(model.neighbors && {
      neighbors: buildNeighbors({ ...trained, values: state?.interactionWeights }, model.neighbors, model.config.seed),
    }),
  });
}

function withoutMatrixRow(m: Matrix, index: number): Matrix {
  const smaller = matrix(m.rows - 1, m.columns);
  for (let r = 0; r < smaller.rows; r++) row(smaller, r).set(row(m, r < index ? r : r + 1));
  return smaller;
}

function withoutCsrRow(m: Csr, index: number): Csr {
  const begin = m.offsets[index]!;
  const cut = m.offsets[index + 1]! - begin;
  const offsets = sharedInt32(m.rows);
  for (let r = 0; r < m.rows; r++) offsets[r] = r <= index ? m.offsets[r]! : m.offsets[r + 1]! - cut;
  const indices = sharedInt32(m.indices.length - cut);
  indices.set(m.indices.subarray(0, begin));
  indices.set(m.indices.subarray(begin + cut), begin);
  return { rows: m.rows - 1, columns: m.columns, offsets, indices };
}

/** The training state without a user: the row of each array by users, and the weights of the user's trained pairs. */
function withoutState(model: Model, state: ModelTrainingState, index: number): ModelTrainingState {
  const arrays: Record<string, TrainedArrays[string]> = {};
  for (const [name, tensor] of Object.entries(state.arrays)) {
    if (!/^(?:optimizer\.|loss\.)?users[MV]?$/.test(name)) {
      arrays[name] = tensor;
      continue;
    }
    const { shape, data } = tensor;
    const width = shape[1] ?? 1;
    if (shape[0] !== model.users.rows) {
      const problem = `its training state has ${name} of ${shape[0]} rows, expected ${model.users.rows}`;
      throw new TaurecError('bad-model', { path: 'model', problem });
    }
    arrays[name] = { shape: [shape[0] - 1, ...shape.slice(1)], data: withoutRange(data, index * width, width) };
  }
  const { interactionWeights } = state;
  if (!interactionWeights) return { ...state, arrays };
  // The weights are in the order of the trained pairs: the seen ones without those held out.
  const trainedOf = (u: number) => {
    const seen = csrRow(model.seen, u);
    return model.validation ? seen.filter((item) => !csrHas(model.validation!, u, item)).length : seen.length;
  };
  let begin = 0;
  for (let u = 0; u < index; u++) begin += trainedOf(u);
  return { ...state, arrays, interactionWeights: withoutRange(interactionWeights, begin, trainedOf(index)) };
}

function withoutRange(data: Float32Array, begin: number, length: number): Float32Array {
  const smaller = sharedFloat32(data.length - length);
  smaller.set(data.subarray(0, begin));
  smaller.set(data.subarray(begin + length), begin);
  return smaller;
}

/** Removes a user's rows from the test part that `taurec train --split` left in the folder, if there is one: CSV with the user in the first field. */
async function withoutTestRows(path: string, user: string): Promise<void> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return;
  const records = recordsOf(text);
  const kept = records.filter((record, at) => at === 0 || firstField(record) !== user);
  if (kept.length === records.length) return;
  await writeAtomically(path, (temporary) => writeFile(temporary, kept.join('')));
}

/** The records of a CSV text with their line ends; a line end inside quotes belongs to its record. */
function recordsOf(text: string): string[] {
  return text.match(/(?:"(?:[^"]|"")*"|[^"\n])*(?:\n|$)/g)?.filter((record) => record !== '') ?? [];
}

function firstField(record: string): string {
  const quoted = /^"((?:[^"]|"")*)"/.exec(record);
  return quoted ? quoted[1]!.replaceAll('""', '"') : record.slice(0, record.indexOf(','));
}
