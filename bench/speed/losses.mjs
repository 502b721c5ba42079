import { lossNames } from '../../dist/index.js';
import { fitLoss } from '../../dist/loss/losses.js';
import { gowallaSized } from './data.mjs';
import { measureStep } from './measure-step.mjs';
import { median } from './timing.mjs';

/**
 * What each loss adds to a training step: the step on gowalla with its default options, one thread, and the part of it that the loss takes.
 * @param {import('./report.mjs').BenchOptions} options
 * @returns {Promise<import('./report.mjs').Report[]>}
 */
export async function run({ quick, seed }) {
  const data = await gowallaSized(seed);
  /** @type {import('./report.mjs').Row[]} */
  const rows = [];
  let softmax = 0;
  for (const name of lossNames) {
    const loss = fitLoss({ name }, data.train.columns);
    const effort = quick ? { steps: 10, warmup: 5 } : { steps: 60, warmup: 20 };
    const step = await measureStep(data.train, { rows: 256, negatives: 2048 }, { threads: 1, seed, loss, ...effort });
    const milliseconds = 1000 * median(step.seconds);
    if (name === 'sl') softmax = milliseconds;
    const all = step.seconds.reduce((sum, seconds) => sum + seconds, 0);
    rows.push({
      loss: name,
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
        `A user has ${positives.toFixed(0)} positives in the mean: bpr, psl and dsl do their work for each of them.`,
        'The part that the loss takes includes the scores of the positives.',
      ],
    },
  ];
}
