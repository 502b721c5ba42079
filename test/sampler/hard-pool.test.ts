import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Csr, csrHas, csrRow } from '../../src/array/csr.ts';
import { randomStream } from '../../src/array/random.ts';
import { createSampler } from '../../src/sampler/create-sampler.ts';
import type { Learned } from '../../src/sampler/sampler.ts';
import { parseTrainConfig, type TrainConfigInput } from '../../src/training/config.ts';
import { trainEmbeddings } from '../../src/training/train-embeddings.ts';
import { runTraining } from '../../src/training/training-run.ts';
import { learnsCheckerboard } from '../contracts/checkerboard.ts';
import { trains } from '../contracts/sampler-contract.ts';
import { rejectionOf } from '../support/error-of.ts';
import { expectSameModel } from '../support/same-model.ts';
import { checkerboard, smallConfig } from '../support/training-case.ts';

/** Items by a table of scores, sorted whole: ties to the lower item. */
function ranked(scores: number[][], user: number, excluded: ArrayLike<number>): number[] {
  const banned = new Set(Array.from(excluded));
  const items = scores[user]!.map((_, item) => item).filter((item) => !banned.has(item));
  return items.sort((a, b) => scores[user]![b]! - scores[user]![a]! || a - b);
}

function learnedFrom(scores: number[][]): Learned {
  return {
    bestItems(users, k, excluded) {
      const lists = Array.from(users, (user, r) => {
        const list = ranked(scores, user, csrRow(excluded, r));
        return Array.from({ length: k }, (_, at) => list[at] ?? -1);
      });
      return Int32Array.from(lists.flat());
    },
  };
}

function scoresFor({ rows, columns }: Csr, seed: number): number[][] {
  const random = randomStream(seed, 'scores');
  return Array.from({ length: rows }, () => Array.from({ length: columns }, () => Math.round(20 * random.real())));
}

test('a pool is what a brute-force ranking of the last epoch gives, rank by rank, then uniform draws', () => {
  fc.assert(
    fc.property(
      trains,
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 30 }),
      fc.nat(),
      (matrix, rows, n, seed) => {
        fc.pre(n < matrix.columns);
        const scores = scoresFor(matrix, seed);
        const sampler = createSampler(matrix, { pool: 'hard', negatives: n, rows }, seed);
        sampler.startEpoch(3, learnedFrom(scores));
        const k = Math.ceil(n / sampler.capacity.rows);
        for (let step = 0; step < sampler.stepsPerEpoch; step++) {
          const { users, negatives, negativeWeights } = sampler.batch(step);
          const byRank = Array.from({ length: k }, (_, rank) =>
            Array.from(users, (user) => ranked(scores, user, csrRow(matrix, user))[rank]),
          ).flat();
          const wanted = [...new Set(byRank.filter((item) => item !== undefined))].slice(0, n);
          expect([...negatives].slice(0, wanted.length)).toEqual(wanted);
          expect(new Set(negatives).size).toBe(n);
          expect(negativeWeights).toBeUndefined();
        }
      },
    ),
  );
});

test('the hardest item of a batch is never the positive of the user it is hard for', () => {
  const board = checkerboard(24, 20);
  const sampler = createSampler(board.train, { pool: 'hard', negatives: 1, rows: 1 }, 1);
  sampler.startEpoch(1, learnedFrom(scoresFor(board.train, 5)));
  for (let step = 0; step < sampler.stepsPerEpoch; step++) {
    const { users, negatives } = sampler.batch(step);
    expect(csrHas(board.train, users[0]!, negatives[0]!)).toBe(false);
  }
});

const hard = { rows: 8, negatives: 6, pool: 'hard' } as const;
for (const engine of ['reference', 'wasm'] as const) {
  learnsCheckerboard(`pool hard on ${engine}`, {
    engine,
    loss: { name: 'sl', tau: 0.2 },
    batch: { ...hard, negatives: 12 },
  });
}

const board = checkerboard(24, 20);
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taurec-hard-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('training is bit-equal on 1 and 3 threads, and another than with the uniform pool', async () => {
  const config = { ...smallConfig, engine: 'wasm', batch: hard } as const;
  const one = await trainEmbeddings(board, { ...config, threads: 1 });
  expectSameModel(await trainEmbeddings(board, { ...config, threads: 3 }), one);
  const uniform = await trainEmbeddings(board, { ...config, batch: { ...hard, pool: 'uniform' } });
  expect(uniform.items.data).not.toEqual(one.items.data);
});

test.each(['reference', 'wasm'] as const)('a resumed run continues bit for bit: %s', async (engine) => {
  const config: TrainConfigInput = { ...smallConfig, engine, threads: 1, checkpointEvery: 1, batch: hard };
  const run = async (stopAfter: number, resume: boolean) => {
    let written = 0;
    return runTraining(board, parseTrainConfig(config), {
      onEvent: (event) => void (event.type === 'checkpoint' && written++),
      aborted: () => written >= stopAfter,
      checkpointDirectory: folder,
      resume,
    });
  };
  const straight = await run(Infinity, false);
  await rm(join(folder, 'checkpoint.safetensors'));
  expect((await rejectionOf(run(2, false))).code).toBe('aborted');
  expectSameModel(await run(Infinity, true), straight);
  await rm(join(folder, 'checkpoint.safetensors'));
});
