// Saves two models in turn into a folder until it is killed, and prints a line after each save: node model-saver.mjs FOLDER
import { madeUpModel } from '../../bench/speed/made-up-model.mjs';
import { saveModel } from '../../dist/index.js';

const [, , directory = ''] = process.argv;

/**
 * A model all of whose numbers are `value`, with `rows` users and items.
 * @param {number} value
 * @param {number} rows
 */
const constant = (value, rows) => {
  return madeUpModel({ users: rows, items: rows, dimension: 8, seen: 0, value, prefix: `${value}-` });
};

const [one, two] = [constant(1, 200), constant(2, 300)];
for (let i = 0; ; i++) {
  await saveModel(directory, i % 2 ? two : one);
  process.stdout.write(`${(i % 2) + 1}\n`);
}
