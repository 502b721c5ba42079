import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { row } from '../../src/array/matrix.ts';
import type { Model } from '../../src/model/model.ts';
import { saveModel } from '../../src/model/model-directory.ts';
import { buildIndex } from '../../src/recommender/index-file.ts';
import { sealIndex } from '../../src/recommender/index-seal.ts';

/** Bytes that `sealIndex` adds. */
const END = 112;

/** Gives the saved model an approximate index in which an item is where it is not: its vector is negated. A catalogue of more than 256 items, from which a search takes the best 256, misses it for those who like it most. */
export async function buildIndexThatMisses(directory: string, model: Model, item: number): Promise<void> {
  const data = model.items.data.slice();
  const items = { ...model.items, data };
  const vector = row(items, item);
  vector.set(vector.map((x) => -x));
  const other = `${directory}-other`;
  await saveModel(other, { ...model, items });
  const [{ file }, { file: wrong }] = [await buildIndex(directory), await buildIndex(other)];
  await writeFile(file, (await readFile(wrong)).subarray(0, -END));
  await sealIndex(file, basename(file));
}
