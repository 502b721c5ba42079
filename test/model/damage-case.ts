import { mkdtemp, readdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkModel, refuseDamagedModel } from '../../src/cli/check-model.ts';
import { createModel, type Model, trainedItems } from '../../src/model/model.ts';
import { openModel, saveModel } from '../../src/model/model-directory.ts';
import { buildIndex, openIndex } from '../../src/recommender/index-file.ts';
import { openCheckpoint } from '../../src/training/checkpoint.ts';
import { parseTrainConfig } from '../../src/training/config.ts';
import { runTraining } from '../../src/training/training-run.ts';
import { flipBits, type Missed, somePlaces } from '../support/flips.ts';
import { randomModel } from '../support/random-model.ts';
import { checkerboard, smallConfig } from '../support/training-case.ts';

/** A model with every file that a model can have: biases, titles, a validation part, training state, test part, index, checkpoint. */
export async function completeModel(): Promise<{ directory: string; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'taurec-damage-'));
  const directory = join(folder, 'model');
  const plain = randomModel({ items: 60, users: 20, titles: true, validation: true, biased: true, seed: 3 });
  const weights = Float32Array.from(trainedItems(plain).indices, (_, i) => 1 + (i % 3));
  const moment = { shape: [20, 3], data: Float32Array.from({ length: 60 }, (_, i) => i / 7) };
  const model: Model = {
    ...createModel(withoutPopularity(plain)),
    trainingState: { epochs: 3, steps: 12, arrays: { 'optimizer.usersM': moment }, interactionWeights: weights },
  };
  const others = { 'test.csv': (path: string) => writeFile(path, 'user,item\nu1,i3\nu2,i7\n') };
  await saveModel(directory, model, { others });
  await buildIndex(directory, { threads: 1 });
  await runTraining(checkerboard(6, 8), parseTrainConfig({ ...smallConfig, epochs: 1, checkpointEvery: 1 }), {
    onEvent: () => {},
    aborted: () => false,
    checkpointDirectory: directory,
  });
  return { directory, folder };
}

function withoutPopularity({ popularity: _popularity, ...parts }: Model) {
  return parts;
}

/** What reads each file of a model: the opening, an update, the approximate index, a resumed training; `info --check` for the rest. */
const readers: readonly (readonly [RegExp, (directory: string) => Promise<unknown>])[] = [
  [/^(config\.json|(embeddings|ids|seen)\.safetensors)$/, (directory) => openModel(directory)],
  [/^training/, (directory) => openModel(directory, { trainingState: true })],
  [/usearch$/, async (directory) => openIndex(directory, await openModel(directory), { trustIndex: true })],
  [/^checkpoint/, (directory) => openCheckpoint(join(directory, 'checkpoint.safetensors'))],
];

/** As `taurec info --check`. */
export const check = async (directory: string): Promise<void> => refuseDamagedModel(await checkModel(directory));

/**
 * Flips bits of every file of a model. Each flip must be an error that names the file, by what reads it and by `info --check`.
 * @param count flips of each file; Infinity: every byte
 */
export async function flipModel(
  directory: string,
  count: number,
  seed: number,
): Promise<{ flips: number; missed: Missed[] }> {
  let flips = 0;
  const missed: Missed[] = [];
  for (const file of (await readdir(directory)).sort()) {
    const { size } = await stat(join(directory, file));
    const places = count < size ? somePlaces(size, count, seed) : Array.from({ length: size }, (_, i) => i);
    const reader = readers.find(([name]) => name.test(file))?.[1] ?? check;
    missed.push(...(await flipBits(directory, file, places, seed, () => reader(directory))));
    // The whole check is slower: a tenth of the flips.
    const few = places.slice(0, Math.ceil(places.length / 10));
    missed.push(...(await flipBits(directory, file, few, seed + 1, () => check(directory))));
    flips += places.length + few.length;
  }
  return { flips, missed };
}
