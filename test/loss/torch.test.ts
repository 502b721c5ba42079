import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { openReferenceEngine } from '../../src/engine/reference/reference-engine.ts';
import { logExpectationExp } from '../../src/loss/log-expectation-exp.ts';
import type { LossSource } from '../../src/loss/loss.ts';
import { needsOf, needsStates } from '../../src/loss/loss-needs.ts';
import { createLoss, lossNames } from '../../src/loss/losses.ts';
import { optimizerOptions } from '../../src/optimizer/create-optimizer.ts';
import type { Batch } from '../../src/sampler/sampler.ts';
import { expectClose } from '../support/close.ts';

/** What bench/peers/loss_reference.py wrote: every loss stated independently, with derivatives by PyTorch's autograd. */
interface Fixture {
  readonly batch: {
    readonly dimension: number;
    readonly users: number[];
    readonly items: number[];
    readonly pool: number[];
    readonly poolWeights: number[];
    readonly rows: { user: number; positives: number[]; positiveWeights: number[]; rowWeight: number }[];
  };
  readonly cases: {
    readonly loss: LossSource & { name: string; options: object };
    readonly score: 'cosine' | 'dot';
    readonly weighted: boolean;
    readonly states: Readonly<Record<'users' | 'items' | 'global', number[] | undefined>>;
    readonly rows: { value: number; positives: number[]; negatives: number[] }[];
    readonly users: number[];
    readonly items: number[];
  }[];
}
type Case = Fixture['cases'][number];

const path = new URL('fixtures/torch.json', import.meta.url);
const { batch, cases }: Fixture = JSON.parse(await readFile(path, 'utf8'));
const d = batch.dimension;
const [users, items] = [batch.users.length / d, batch.items.length / d];
const titled = cases.map((c): [string, Case] => [
  `${c.loss.name} ${JSON.stringify(c.loss.options)}, ${c.score}${c.weighted ? ', weighted' : ''}${c.states.global ? `, state ${c.states.global}` : ''}`,
  c,
]);

const dot = (a: number[], b: number[]) => a.reduce((sum, x, c) => sum + x * b[c]!, 0);
const cosine = (a: number[], b: number[]) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
const userAt = (u: number) => batch.users.slice(u * d, u * d + d);
const itemAt = (i: number) => batch.items.slice(i * d, i * d + d);

/** Row r of a case through the loss alone, in double precision. */
function evaluate({ loss: source, score, weighted, states }: Case, r: number) {
  const loss = createLoss(source);
  const needs = needsOf(loss);
  const { user, positives: liked, positiveWeights } = batch.rows[r]!;
  const scoresOf = (list: number[]) =>
    Float64Array.from(list, (item) => (score === 'cosine' ? cosine : dot)(userAt(user), itemAt(item)));
  const negativeWeights = batch.pool.map((item, j) =>
    liked.includes(item) ? 0 : weighted ? batch.poolWeights[j]! : 1,
  );
  const gradients = {
    positives: new Float64Array(liked.length),
    negatives: new Float64Array(batch.pool.length),
  };
  const own = (states.users ?? new Array(users * needs.userState).fill(0)).slice(user * needs.userState);
  const value = loss.evaluate(
    {
      positives: scoresOf(liked),
      negatives: scoresOf(batch.pool),
      positiveWeights: weighted ? Float64Array.from(positiveWeights) : undefined,
      negativeWeights: Float64Array.from(negativeWeights),
    },
    gradients,
    {
      user,
      positiveItems: Int32Array.from(liked),
      poolItems: Int32Array.from(batch.pool),
      logExpectationExp,
      itemSimilarity: needs.itemSimilarity
        ? (i) => Float64Array.from(batch.pool, (item) => cosine(itemAt(liked[i]!), itemAt(item)))
        : undefined,
      states: needsStates(needs)
        ? {
            user: Float64Array.from(own.slice(0, needs.userState)),
            items: Float64Array.from(needs.itemState ? batch.pool : [], (item) => states.items?.[item] ?? 0),
            global: Float64Array.from(states.global ?? []),
            userUpdate: new Float64Array(needs.userState),
            itemUpdates: new Float64Array(needs.itemState ? batch.pool.length : 0),
            globalUpdate: new Float64Array(needs.globalState),
          }
        : undefined,
    },
  );
  return { value, ...gradients };
}

/** The batch as engines take it. */
function batchOf(weighted: boolean): Batch {
  const { pool, rows } = batch;
  const masked = rows.map(({ positives }) => [...pool.keys()].filter((j) => positives.includes(pool[j]!)));
  const offsets = (lists: ArrayLike<unknown>[]) =>
    Int32Array.from({ length: lists.length + 1 }, (_, r) => lists.slice(0, r).reduce((sum, l) => sum + l.length, 0));
  const positives = rows.map((row) => row.positives);
  return {
    shared: true,
    users: Int32Array.from(rows, (row) => row.user),
    rowWeights: Float32Array.from(rows, (row) => row.rowWeight),
    positiveOffsets: offsets(positives),
    positives: Int32Array.from(positives.flat()),
    negatives: Int32Array.from(pool),
    negativesPerRow: pool.length,
    maskOffsets: offsets(masked),
    masked: Int32Array.from(masked.flat()),
    ...(weighted && {
      positiveWeights: Float32Array.from(rows.flatMap((row) => row.positiveWeights)),
      negativeWeights: Float32Array.from(batch.poolWeights),
    }),
  };
}

describe.each(titled)('PyTorch: %s', (_, expected) => {
  test('values and derivatives of scores', () => {
    expected.rows.forEach((row, r) => {
      const got = evaluate(expected, r);
      expectClose([got.value], [row.value], 1e-10, 1e-10, 'value');
      expectClose(got.positives, Float64Array.from(row.positives), 1e-10, 1e-10, 'positives');
      expectClose(got.negatives, Float64Array.from(row.negatives), 1e-10, 1e-10, 'negatives');
    });
  });

  test('value of the batch and derivatives of embeddings, in the engine', async () => {
    const { loss, score, weighted, states } = expected;
    const made = batchOf(weighted);
    const training = {
      loss,
      optimizer: optimizerOptions({}),
      capacity: {
        rows: made.users.length,
        positives: made.positives.length,
        negativesPerRow: made.negativesPerRow,
        shared: true,
        masked: made.masked.length,
        maskWeights: false,
      },
      stepsPerEpoch: 1,
      embeddingDropout: 0,
      seed: 1,
    };
    const engine = await openReferenceEngine({ users, items, dimension: d, score, training });
    engine.users.data.set(batch.users);
    engine.items.data.set(batch.items);
    engine.startEpoch(0, 0);
    // after the start of the epoch, where a loss may renew its states
    for (const [name, state] of Object.entries(states)) engine.lossState[name]!.set(state!);
    engine.begin(made, 0);
    engine.gather();
    const value = expected.rows.reduce((sum, row, r) => sum + row.value * batch.rows[r]!.rowWeight, 0);
    expectClose([engine.scoreRows()], [value], 1e-10, 1e-10, 'value');
    engine.itemGradients();
    const gradients = engine.gradients();
    for (const [table, wanted] of [
      ['users', expected.users],
      ['items', expected.items],
    ] as const) {
      for (const [id, gradient] of gradients[table]) {
        const of = `${table} row ${id}`;
        expectClose(gradient, Float64Array.from(wanted.slice(id * d, id * d + d)), 1e-6, 1e-6, of);
      }
    }
    expect([...gradients.items.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: items }, (_, i) => i));
    await engine.close();
  });
});

/** A later loss may do without: test/loss/losses.test.ts holds it to its formula, and its gradients to differences. */
const recorded = [
  'sl',
  'bsl',
  'dsl',
  'bpr',
  'bce',
  'gbce',
  'mse',
  'ccl',
  'psl',
  'slatk',
  'talos',
  'sogclr',
  'advinfonce',
  'llpauc',
];

test('every recorded loss has a case; bsl each form, psl each activation', () => {
  const names = new Set<string>(cases.map(({ loss }) => loss.name));
  expect(recorded.filter((name) => !names.has(name))).toEqual([]);
  expect([...names].filter((name) => !(lossNames as readonly string[]).includes(name))).toEqual([]);
  const optionsOf = (name: string, option: string) =>
    cases.flatMap(({ loss }) => (loss.name === name ? [createLoss(loss).parameters[option]] : []));
  expect(new Set(optionsOf('bsl', 'form'))).toEqual(new Set(['paper', 'multi', 'reweight']));
  expect(new Set(optionsOf('psl', 'activation'))).toEqual(new Set(['tanh', 'relu', 'atan']));
});
