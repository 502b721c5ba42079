/** The kernels as training steps and ranking call them: sizes of the default batch (256 users, a pool of 2,048, d = 64) over tables of gowalla's size. */

const d = 64;
const rowBytes = d * 4;
const users = 256;
const pool = 2048;
const items = 40_988;
/** The engine's blocks of users, pool items, queries and items, and its stride of scores (src/engine/wasm/memory.ts). */
const rowBlock = 12;
const slotBlock = 48;
const queryBlock = 48;
const itemBlock = 512;
const scoreStride = pool + 16;
const pairs = 128;
const pairNegatives = 800;

/**
 * @typedef {object} KernelCase
 * @property {'flop' | 'element'} unit The unit of work: flop (2 per multiply-add), or elements.
 * @property {number} work Units per call of the prepared function.
 * @property {(kernels: import('../../dist/engine/wasm/kernels.js').Kernels, arena: import('./arena.mjs').Arena) => () => number} prepare Prepares the data; the returned function does the work once and returns the address of a result.
 */

/** @type {Record<string, KernelCase>} */
export const kernelCases = {
  'product: scores': {
    unit: 'flop',
    work: 2 * users * pool * d,
    prepare(kernels, arena) {
      const a = arena.normals(users * d);
      const panels = arena.normals(pool * d);
      const scores = arena.take(rowBlock * scoreStride * 4);
      return () => {
        for (let u = 0; u < users; u += rowBlock) {
          const rows = Math.min(rowBlock, users - u);
          kernels.product({
            a: a + u * rowBytes,
            aRow: rowBytes,
            aColumn: 4,
            b: panels,
            bRow: 32,
            bTile: d * 32,
            c: scores,
            cRow: scoreStride * 4,
            m: rows,
            n: pool,
            k: d,
            accumulate: false,
          });
        }
        return scores;
      };
    },
  },
  'product: user gradients': {
    unit: 'flop',
    work: 2 * users * pool * d,
    prepare(kernels, arena) {
      const gradients = arena.normals(users * scoreStride, 0.01);
      const packed = arena.normals(pool * d);
      const out = arena.take(users * rowBytes);
      return () => {
        for (let u = 0; u < users; u += rowBlock) {
          const rows = Math.min(rowBlock, users - u);
          const at = gradients + u * scoreStride * 4;
          kernels.product({
            a: at,
            aRow: scoreStride * 4,
            aColumn: 4,
            b: packed,
            bRow: rowBytes,
            bTile: 32,
            c: out + u * rowBytes,
            cRow: rowBytes,
            m: rows,
            n: d,
            k: pool,
            accumulate: false,
          });
        }
        return out;
      };
    },
  },
  'product: item gradients': {
    unit: 'flop',
    work: 2 * users * pool * d,
    prepare(kernels, arena) {
      const gradients = arena.normals(users * scoreStride, 0.01);
      const weighted = arena.normals(users * d);
      const out = arena.take(pool * rowBytes);
      const block = arena.take(users * slotBlock * 4);
      return () => {
        for (let slot = 0; slot < pool; slot += slotBlock) {
          const slots = Math.min(slotBlock, pool - slot);
          kernels.packColumns(gradients + slot * 4, scoreStride * 4, users, slots, block, slotBlock * 4);
          kernels.product({
            a: block,
            aRow: 4,
            aColumn: slotBlock * 4,
            b: weighted,
            bRow: rowBytes,
            bTile: 32,
            c: out + slot * rowBytes,
            cRow: rowBytes,
            m: slots,
            n: d,
            k: users,
            accumulate: false,
          });
        }
        return out;
      };
    },
  },
  'log-expectation-exp': {
    unit: 'element',
    work: users * pool,
    prepare: (kernels, arena) => logExpectationExp(kernels, arena, false),
  },
  'log-expectation-exp, weighted': {
    unit: 'element',
    work: users * pool,
    prepare: (kernels, arena) => logExpectationExp(kernels, arena, true),
  },
  ...Object.fromEntries(
    ['tanh', 'relu', 'atan'].map((activation, number) => [
      `pairwise softmax, ${activation}`,
      /** @type {KernelCase} */ ({
        unit: 'element',
        work: users * pool,
        prepare: (kernels, arena) => pairwise(kernels, arena, number),
      }),
    ]),
  ),
  'gatherDots: pair scores': {
    unit: 'flop',
    work: 2 * pairs * (pairNegatives + 1) * d,
    prepare(kernels, arena) {
      const table = arena.normals(items * d);
      const list = arena.integers(pairs * (pairNegatives + 1), items);
      const queries = arena.normals(pairs * d);
      const out = arena.take((pairNegatives + 1) * 4);
      return () => {
        for (let p = 0; p < pairs; p++) {
          const own = list + p * (pairNegatives + 1) * 4;
          kernels.gatherDots(queries + p * rowBytes, table, rowBytes, d, own, pairNegatives + 1, out);
        }
        return out;
      };
    },
  },
  'gatherSum: pair gradients': {
    unit: 'flop',
    work: 2 * pairs * (pairNegatives + 1) * d,
    prepare(kernels, arena) {
      const table = arena.normals(items * d);
      const list = arena.integers(pairs * (pairNegatives + 1), items);
      const coefficients = arena.normals(pairs * (pairNegatives + 1), 0.01);
      const out = arena.floats(pairs * d);
      return () => {
        out.fill(0);
        for (let p = 0; p < pairs; p++) {
          const own = p * (pairNegatives + 1) * 4;
          const target = out.byteOffset + p * rowBytes;
          kernels.gatherSum(target, table, rowBytes, d, list + own, coefficients + own, 0, pairNegatives + 1);
        }
        return out.byteOffset;
      };
    },
  },
  'latest rows, 100 skipped steps': {
    unit: 'element',
    work: pool * d,
    prepare(kernels, arena) {
      const now = 100;
      const { table, m, v, last } = adamTables(arena);
      const list = distinct(arena);
      const rows = arena.take(pool * rowBytes);
      const [sums, kept, epsilons] = [5e-3, 1, 1e-9].map((value) => arena.doubles(now + 1).fill(value).byteOffset);
      const tables = { table, m, v, last, sums, kept, epsilons };
      return () => {
        kernels.latestAdamRows({ ...tables, stride: rowBytes, d, list, from: 0, to: pool, now, rows });
        return rows;
      };
    },
  },
  'gather rows, normalise': {
    unit: 'element',
    work: pool * d,
    prepare(kernels, arena) {
      const table = arena.normals(pool * d);
      const packed = arena.take(pool * rowBytes);
      const norms = arena.take(pool * 4);
      const noDropout = { ids: 0, drop: false, dropKey: 0, keepBelow: 0, keepScale: 1 };
      const slots = { stride: rowBytes, d, list: 0, from: 0, to: pool };
      return () => {
        kernels.gatherRows({ table, ...slots, packed, norms, cosine: true, ...noDropout });
        return packed;
      };
    },
  },
  'pack panels': {
    unit: 'element',
    work: pool * d,
    prepare(kernels, arena) {
      const packed = arena.normals(pool * d);
      const panels = arena.take(pool * rowBytes);
      return () => {
        kernels.packPanels(packed, rowBytes, d, 0, pool, pool, panels);
        return panels;
      };
    },
  },
  'gradients through the normalisation': {
    unit: 'element',
    work: pool * d,
    prepare(kernels, arena) {
      const packed = arena.normals(pool * d, 0.125);
      const gradients = arena.normals(pool * d, 0.01);
      const norms = arena.floats(pool).fill(1).byteOffset;
      const noDropout = { ids: 0, drop: false, dropKey: 0, keepBelow: 0, keepScale: 1 };
      const slots = { stride: rowBytes, d, from: 0, to: pool };
      return () => {
        kernels.backwardRows({
          rows: 0,
          ...slots,
          packed,
          norms,
          gradients,
          scales: 0,
          cosine: true,
          ...noDropout,
          l2: 0,
        });
        return gradients;
      };
    },
  },
  'Adam rows': {
    unit: 'element',
    work: pool * d,
    prepare(kernels, arena) {
      const { table, m, v, last } = adamTables(arena);
      const list = distinct(arena);
      const rows = arena.normals(pool * d, 0.1);
      const gradients = arena.normals(pool * d, 0.01);
      // step 1 again and again: a later call finds `last` = 1 already and looks up power −1, the element before the table
      const powers1 = arena.doubles(2).fill(1).byteOffset + 8;
      const powers2 = powers1;
      const constants = { beta1: 0.9, beta2: 0.999, size: 1e-3, correction: 1, epsilon: 1e-8, decay: 1 };
      const tables = { table, m, v, last, rows, gradients, powers1, powers2 };
      return () => {
        kernels.adamRows({ ...tables, stride: rowBytes, d, list, from: 0, to: pool, now: 1, ...constants });
        return table;
      };
    },
  },
  'top-20 scan': {
    unit: 'element',
    work: queryBlock * items,
    prepare(kernels, arena) {
      const k = 20;
      const scores = arena.floats(items);
      for (let i = 0; i < items; i++) scores[i] = arena.random.normal();
      const topScores = arena.take(queryBlock * k * 4);
      const topItems = arena.take(queryBlock * k * 4);
      return () => {
        for (let q = 0; q < queryBlock; q++) kernels.startTop(topScores + q * k * 4, topItems + q * k * 4, k);
        // All queries read the same scores: a stride of 0.
        for (let first = 0; first < items; first += itemBlock) {
          const [from, count] = [scores.byteOffset + first * 4, Math.min(itemBlock, items - first)];
          kernels.offerTop(from, 0, queryBlock, count, first, topScores, topItems, k);
        }
        for (let q = 0; q < queryBlock; q++) kernels.finishTop(topScores + q * k * 4, topItems + q * k * 4, k);
        return topScores;
      };
    },
  },
};

/** The three products of a step; `step / kernel` compares a step with their common rate. */
export const productCases = Object.keys(kernelCases).filter((name) => name.startsWith('product'));

/**
 * @param {import('../../dist/engine/wasm/kernels.js').Kernels} kernels
 * @param {import('./arena.mjs').Arena} arena
 * @param {boolean} weighted
 */
function logExpectationExp(kernels, arena, weighted) {
  const scores = arena.normals(rowBlock * scoreStride, 0.3);
  const weights = arena.floats(pool).fill(1);
  for (let masked = 0; masked < 8; masked++) weights[arena.random.integer(pool)] = 0;
  const gradients = arena.take(users * scoreStride * 4);
  const result = arena.take(64);
  return () => {
    for (let u = 0; u < users; u++) {
      const x = scores + (u % rowBlock) * scoreStride * 4;
      const out = gradients + u * scoreStride * 4;
      kernels.logExpectationExp(x, pool, 10, weighted ? weights.byteOffset : 0, out, 10, result);
    }
    return result;
  };
}

/**
 * The pairwise softmax kernel for one positive of each user against the pool.
 * @param {import('../../dist/engine/wasm/kernels.js').Kernels} kernels
 * @param {import('./arena.mjs').Arena} arena
 * @param {number} activation Its number in kernels/pairwise.ts.
 */
function pairwise(kernels, arena, activation) {
  const scores = arena.normals(rowBlock * scoreStride, 0.3);
  const weights = arena.floats(pool).fill(1).byteOffset;
  const gradients = arena.floats(scoreStride).byteOffset;
  const scratch = arena.take(pool * 4);
  const result = arena.take(64);
  return () => {
    for (let u = 0; u < users; u++) {
      const x = scores + (u % rowBlock) * scoreStride * 4;
      kernels.pairwiseRow({
        x,
        n: pool,
        positive: 0.4,
        shift: 0.2,
        inverseTau: 10,
        share: 1e-6,
        activation,
        weights,
        gradients,
        scratch,
        result,
      });
    }
    return result;
  };
}

/**
 * Addresses of tables for all items: embeddings, both moments, last steps (0).
 * @param {import('./arena.mjs').Arena} arena
 */
function adamTables(arena) {
  const table = arena.normals(items * d, 0.1);
  const m = arena.normals(items * d, 0.01);
  const v = arena.floats(items * d).fill(1e-4).byteOffset;
  return { table, m, v, last: arena.integers(items, 1) };
}

/**
 * Address of a list of distinct items, as long as the pool, in random order.
 * @param {import('./arena.mjs').Arena} arena
 */
function distinct(arena) {
  const list = new Int32Array(arena.buffer, arena.take(pool * 4), pool);
  const taken = new Set();
  while (taken.size < pool) taken.add(arena.random.integer(items));
  list.set([...taken]);
  return list.byteOffset;
}
