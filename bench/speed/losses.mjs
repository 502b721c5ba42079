import { lossNames } from '../../dist/index.js';
import { fitLoss } from '../../dist/loss/losses.js';
import { gowallaSized } from './data.mjs';
import { measureStep } from './measure-step.mjs';
import { median } from './timing.mjs';

/** The parts of dsl, which differ in cost. @type {Record<string, Record<string, number>>} */
const branches = {
  'dsl, hardness': { hardness: -0.3, similarity: 0, competition: 0 },
  'dsl, competition': { hardness: 0, similarity: 0, competition: 0.5 },
  'dsl, similarity': { hardness: 0, similarity: -0.3, competition: 0 },
  'dsl, all three': { hardness: -0.3, similarity: -0.3, competition: 0.5 },
};

/**
 * The cost of each loss in a training step: the step on gowalla with the loss's default options, on one thread, and the share of it that the loss takes.
 * @param {import('./report.mjs').BenchOptions} options
 * @returns {Promise<import('./report.mjs').Report[]>}
 */
export async function run({ quick, seed }) {
  const data = await gowallaSized(seed);
  /** @type {import('./report.mjs').Row[]} */
  const rows = [];
  let softmax = 0;
  const plain = lossNames.map((name) => /** @type {const} */ ([name, { name }]));
  const parted = Object.entries(branches).map(
    ([title, options]) => /** @type {const} */ ([title, { name: 'dsl', options }]),
  );
  for (const [title, source] of [...plain, ...parted]) {
    const loss = fitLoss(source, data.train.columns);
    const effort = quick ? { steps: 10, warmup: 5 } : { steps: 60, warmup: 20 };
    const step = await measureStep(data.train, { rows: 256, negatives: 2048 }, { threads: 1, seed, loss, ...effort });
    const milliseconds = 1000 * median(step.seconds);
    if (title === 'sl') softmax = milliseconds;
    const all = step.seconds.reduce((sum, seconds) => sum + seconds, 0);
    rows.push({
      loss: title,
      kernel: step.fused ? 'own' : '',
      'ms median': milliseconds,
      'ms min': 1000 * Math.min(...step.seconds),
      'times sl': milliseconds / softmax,
      'loss %': (100 * step.parts.loss) / all,
    });
  }
  const positives = data.train.indices.length / data.train.rows;
  return [
    {
      title: `a step of 256 users × 2048 shared negatives by loss, d 64, Adam, one thread, on ${data.source}`,
      rows,
      notes: [
        `A user has ${positives.toFixed(0)} positives on average: bpr, psl and dsl do their work for each of them.`,
        "The loss's share includes the scores of the positives.",
      ],
    },
  ];
}
