import { beforeAll, describe, expect, test } from 'vitest';
import { easeRanker } from '../../src/evaluation/ease.ts';
import { evaluateSync } from '../../src/evaluation/evaluator.ts';
import { slimRanker } from '../../src/evaluation/slim.ts';
import { loadDataset } from '../../src/index.ts';
import { begin, fails, json, quick, taurec, writeData } from './taurec.ts';

writeData();
beforeAll(async () => {
  await json('train', 'train.csv', '--valid', 'valid.csv', ...quick, '--seed', '1', '--out', 'model');
});

const evaluate = ['evaluate', 'model', '--test', 'test.csv'];
/** GiB that are too few for 80 items. */
const tooFew = '1e-6';

describe('evaluate --baselines', () => {
  test('only those named, in the order of reports', async () => {
    const { baselines, refused } = await json(...evaluate, '--baselines', 'slim, popular');
    expect(Object.keys(baselines)).toEqual(['popular', 'slim']);
    expect(refused).toBeUndefined();
  });

  test('the flags of ease and slim set the options of the library', async () => {
    const data = await loadDataset({ train: 'train.csv', valid: 'valid.csv', test: 'test.csv' });
    const ease = ['--ease-ridge', '7'];
    const slim = ['--slim-l1', '.25', '--slim-l2', '3', '--slim-candidates', '9'];
    const flags = ['--baselines', 'ease,slim', '--protocol', 'irbench'];
    const { baselines } = await json(...evaluate, ...flags, ...ease, ...slim);
    const rankers = {
      ease: await easeRanker(data.train, { ridge: 7 }),
      slim: await slimRanker(data.train, { l1: 0.25, l2: 3, candidates: 9 }),
    };
    for (const [name, ranker] of Object.entries(rankers)) {
      const { metrics } = evaluateSync(ranker, { ...data, protocol: 'irbench' });
      expect(baselines[name]['ndcg@20']).toBeCloseTo(metrics['ndcg@20']!, 12);
    }
    const byDefault = (await json(...evaluate, ...flags)).baselines;
    expect(byDefault.ease['ndcg@20']).not.toBe(baselines.ease['ndcg@20']);
    expect(byDefault.slim['ndcg@20']).not.toBe(baselines.slim['ndcg@20']);
  });

  test('ease above its memory is refused with the figures, and the others are evaluated', async () => {
    const { code, stdout, stderr } = await taurec(...evaluate, '--baselines', '--ease-memory', tooFew, '--json');
    expect(code).toBe(0);
    const { baselines, refused } = JSON.parse(stdout);
    expect(Object.keys(baselines)).toEqual(['random', 'popular', 'item-knn', 'slim']);
    const bytes = 8 * (80 ** 2 + 2 * 128 * 80 + 128 ** 2);
    expect(refused).toEqual({
      ease: {
        code: 'baseline-memory',
        message: expect.stringContaining(`(${bytes} bytes) for 80 items`),
        facts: { baseline: 'ease', items: 80, bytes, limit: Number(tooFew) * 1024 ** 3 },
      },
    });
    expect(stderr).toContain(refused.ease.message);
  });

  test('ease alone above its memory fails', async () => {
    await fails(1, /Baseline ease needs .*--ease-memory/, ...evaluate, '--baselines', 'ease', '--ease-memory', tooFew);
  });

  test('wrong usage', async () => {
    const fail = (message: RegExp, ...flags: string[]) => fails(2, message, ...evaluate, ...flags);
    await fail(/The options of slim need --baselines slim/, '--baselines', 'ease', '--slim-l1', '2');
    await fail(/The options of ease need --baselines ease/, '--ease-ridge', '2');
    await fail(/--ease-ridge: got 0, expected a number above 0/, '--baselines', '--ease-ridge', '0');
    await fail(/--slim-l2: got -1, expected a number above 0/, '--baselines', '--slim-l2', '-1');
    const { code, stderr } = await taurec(...evaluate, '--baselines', 'popular,svd');
    expect(code).toBe(2);
    expect(stderr).toMatch(/Known baselines: random, popular, item-knn, ease, slim\./);
  });

  test('stops on request', async () => {
    const { done, stop } = begin([...evaluate, '--baselines', 'ease']);
    stop();
    expect(await done).toMatchObject({ code: 130, stdout: '' });
  });
});
