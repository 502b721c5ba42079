import { randomStream } from '../../dist/array/random.js';
import { createModel, IdMap } from '../../dist/index.js';

/** Different numbers in the embeddings; a prime, so that no two of the first million rows are equal. */
const NUMBERS = 1_000_003;

/**
 * A model without a training, for measurements and tests: ids are '0', '1', …
 * @param {object} of
 * @param {number} of.users
 * @param {number} of.items
 * @param {number} [of.dimension]
 * @param {number} [of.seen] Items of a user.
 * @param {number} [of.neighbors] Entries of S for an item; 0: no neighbour term.
 * @param {number} [of.value] All numbers of the embeddings; default: normal ones.
 * @param {string} [of.prefix] The beginning of every id.
 * @param {number} [of.seed]
 */
export function madeUpModel({ users, items, dimension = 64, seen = 30, neighbors = 0, value, prefix = '', seed = 1 }) {
  const random = randomStream(seed, 'bench');
  const numbers = Float32Array.from({ length: Math.min(NUMBERS, (users + items) * dimension) }, () => {
    return value ?? random.normal();
  });
  let next = 0;
  const table = (/** @type {number} */ rows) => {
    const data = new Float32Array(rows * dimension);
    for (let at = 0; at < data.length; at++) data[at] = numbers[next++ % numbers.length] ?? 0;
    return { rows, columns: dimension, stride: dimension, data };
  };
  const ids = (/** @type {number} */ count) => {
    return IdMap.fromIds(
      (function* () {
        for (let i = 0; i < count; i++) yield `${prefix}${i}`;
      })(),
    );
  };
  /** `count` different columns in each row. @param {number} rows @param {number} count */
  const pairs = (rows, count) => {
    const offsets = new Int32Array(rows + 1);
    const indices = new Int32Array(rows * count);
    let end = 0;
    for (let row = 0; row < rows; row++) {
      const drawn = new Set(Array.from({ length: count }, () => random.integer(items)));
      for (const column of [...drawn].sort((a, b) => a - b)) indices[end++] = column;
      offsets[row + 1] = end;
    }
    return { rows, columns: items, offsets, indices: indices.slice(0, end) };
  };
  const seenPairs = pairs(users, seen);
  const votes = neighbors > 0 ? pairs(items, neighbors) : undefined;
  return createModel({
    config: {
      backbone: 'mf',
      score: 'cosine',
      loss: { name: 'sl', options: { tau: 0.1 } },
      training: {},
      seed,
      data: { source: 'made up', sha256: '0' },
      engine: { name: 'none', build: 'none', threads: 1 },
      epochs: 0,
      steps: 0,
      metrics: {},
    },
    users: table(users),
    items: table(items),
    userIds: ids(users),
    itemIds: ids(items),
    seen: seenPairs,
    ...(votes && {
      neighbors: {
        kind: /** @type {const} */ ('cosine'),
        ...{ size: neighbors, exponent: 0.5, shrink: 0, beta: 0.5 },
        votes: { ...votes, values: Float32Array.from(votes.indices, () => random.real()) },
      },
    }),
  });
}
