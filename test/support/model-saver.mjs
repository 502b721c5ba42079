// Saves two models in turn into a folder until it is killed, and prints a line after each save: node model-saver.mjs FOLDER
import { createModel, IdMap, saveModel } from '../../dist/index.js';

const [, , directory = ''] = process.argv;

/**
 * A model all of whose numbers are `value`, with `rows` users and items.
 * @param {number} value
 * @param {number} rows
 */
function constant(value, rows) {
  const table = { rows, columns: 8, stride: 8, data: new Float32Array(rows * 8).fill(value) };
  const ids = IdMap.fromIds(Array.from({ length: rows }, (_, i) => `${value}-${i}`));
  const seen = { rows, columns: rows, offsets: new Int32Array(rows + 1), indices: new Int32Array(0) };
  const config = {
    backbone: 'mf',
    score: /** @type {const} */ ('dot'),
    loss: { name: 'bsl' },
    training: {},
    seed: 1,
    data: { source: 'made up', sha256: '00' },
    engine: { name: 'none', build: 'none', threads: 1 },
    epochs: 0,
    steps: 0,
    metrics: {},
  };
  return createModel({ config, users: table, items: table, userIds: ids, itemIds: ids, seen });
}

const [one, two] = [constant(1, 200), constant(2, 300)];
for (let i = 0; ; i++) {
  await saveModel(directory, i % 2 ? two : one);
  process.stdout.write(`${(i % 2) + 1}\n`);
}
