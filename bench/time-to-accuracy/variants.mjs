/**
 * What a training does otherwise than a plain one.
 * @typedef {object} Variant
 * @property {string} about
 * @property {(progress: number) => number} schedule the learning rate as a fraction of the highest, by the fraction of the budget that is spent
 * @property {(trial: { rows: number, negatives: number }) => { from: number, rows: number, negatives: number }[]} phases shapes of batches, each from a fraction of the budget on
 * @property {'weighted' | 'unweighted'} [sampling] users by their remaining loss
 * @property {number} [weightDecay] decoupled, default 0
 * @property {'all' | 'few'} averages those that are judged with it, besides the last weights
 */

const cosine = (/** @type {number} */ p) => (1 + Math.cos(Math.PI * p)) / 2;
/** @type {Variant['phases']} */
const same = ({ rows, negatives }) => [{ from: 0, rows, negatives }];
/** Constant, then linear to 0 over the last part. */
const cooled = (/** @type {number} */ p, /** @type {number} */ part) => Math.min(1, (1 - p) / part);
/** Linear warm-up over the first part, then a cosine. */
const warmed = (/** @type {number} */ p, /** @type {number} */ part) =>
  p < part ? p / part : cosine((p - part) / (1 - part));
/** Phases at thirds of the run, rows and negatives multiplied. @param {[number, number][]} factors @returns {Variant['phases']} */
const thirds =
  (factors) =>
  ({ rows, negatives }) =>
    factors.map(([r, n], at) => ({
      from: at / factors.length,
      rows: Math.round(rows * r),
      negatives: Math.round(negatives * n),
    }));

/** @param {string} about @param {Partial<Variant>} [other] @returns {Variant} */
const variant = (about, other) => ({ about, schedule: cosine, phases: same, averages: 'few', ...other });

/** @type {Record<string, Variant>} */
export const variants = {
  plain: variant('cosine to 0', { averages: 'all' }),
  constant: variant('constant rate', { schedule: () => 1, averages: 'all' }),
  'cosine-0.1': variant('cosine to .1', { schedule: (p) => 0.1 + 0.9 * cosine(p), averages: 'all' }),
  'cosine-0.3': variant('cosine to .3', { schedule: (p) => 0.3 + 0.7 * cosine(p), averages: 'all' }),
  linear: variant('linear to 0', { schedule: (p) => 1 - p }),
  square: variant('(1 − p)², to 0', { schedule: (p) => (1 - p) ** 2 }),
  restarts: variant('two cosines to 0, the second twice as long', {
    schedule: (p) => cosine(p < 1 / 3 ? 3 * p : (3 * p - 1) / 2),
  }),
  'one-cycle': variant('linear up over .3, cosine to 0', { schedule: (p) => warmed(p, 0.3) }),
  cooldown: variant('constant, linear to 0 over the last .4', { schedule: (p) => cooled(p, 0.4) }),
  'inverse-root': variant('1 / √(1 + 20 p), times linear to 0 over the last .3', {
    schedule: (p) => cooled(p, 0.3) / Math.sqrt(1 + 20 * p),
  }),
  'rows-grow': variant('rows ½, 1, 2 times by thirds', {
    phases: thirds([
      [0.5, 1],
      [1, 1],
      [2, 1],
    ]),
  }),
  'rows-grow-late': variant('rows four times in the last fifth', {
    phases: ({ rows, negatives }) => [
      { from: 0, rows, negatives },
      { from: 0.8, rows: 4 * rows, negatives },
    ],
  }),
  'rows-fall': variant('rows 2, 1, ½ times by thirds', {
    phases: thirds([
      [2, 1],
      [1, 1],
      [0.5, 1],
    ]),
  }),
  'negatives-grow': variant('negatives ½, 1, 2 times by thirds', {
    phases: thirds([
      [1, 0.5],
      [1, 1],
      [1, 2],
    ]),
  }),
  'negatives-fall': variant('negatives 2, 1, ½ times by thirds', {
    phases: thirds([
      [1, 2],
      [1, 1],
      [1, 0.5],
    ]),
  }),
  'by-loss': variant('users by remaining loss, row weights unchanged', { sampling: 'unweighted' }),
  'by-loss-weighted': variant('users by remaining loss, row weights / probability', { sampling: 'weighted' }),
  'decay-0.03': variant('decoupled weight decay .03', { weightDecay: 0.03, averages: 'all' }),
  'decay-0.1': variant('decoupled weight decay .1', { weightDecay: 0.1, averages: 'all' }),
  'decay-0.3': variant('decoupled weight decay .3', { weightDecay: 0.3, averages: 'all' }),
};

/** Averages that are judged with every training (averages.mjs). */
export const averages = [
  'ema 0.01',
  'ema 0.02',
  'ema 0.05',
  'ema 0.1',
  'ema 0.2',
  'tail 0.05',
  'tail 0.1',
  'tail 0.2',
  'tail 0.4',
];

/**
 * The averages that are judged with a training, besides the last weights: on a small data set all, elsewhere those that did well there, since an evaluation takes as long as many steps.
 * @param {{ data: string, variant: string }} trial @returns {readonly string[]}
 */
export function judged({ data, variant }) {
  const many = variants[variant].averages === 'all';
  if (data === 'gowalla') return variant === 'constant' ? ['ema 0.1', 'tail 0.2'] : [];
  if (data === 'amazon2014-health') return many ? averages : ['ema 0.1', 'tail 0.1', 'tail 0.2'];
  return many ? ['ema 0.05', 'ema 0.1', 'tail 0.1', 'tail 0.2'] : ['tail 0.1'];
}
