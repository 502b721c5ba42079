import fc from 'fast-check';
import { expect, test } from 'vitest';
import { logExpectationExp } from '../../src/loss/log-expectation-exp.ts';
import { SoftmaxLoss } from '../../src/loss/sl.ts';
import { differences, shownValue } from '../../src/studio/page/compare/differences.ts';
import {
  baseOf,
  courseOf,
  gridOf,
  level,
  range,
  readValues,
  requestAxes,
  sweepable,
} from '../../src/studio/page/compare/grid.ts';
import { lossTemplate } from '../../src/studio/page/compare/loss-template.ts';
import { comparisonInWords } from '../../src/studio/page/compare/words.ts';
import { runAt } from '../../src/studio/page/parts/run-picker.tsx';
import { fieldsInForce } from '../../src/studio/page/train/options.ts';
import { fieldsOf } from '../../src/studio/page/train/schema-fields.ts';
import type { RunInfo } from '../../src/studio/session.ts';
import { trainOptions } from '../../src/training/config.ts';
import { trainConfigJsonSchema } from '../../src/training/config-json-schema.ts';

const fields = fieldsOf(trainConfigJsonSchema() as never);
const run = (id: string, config: RunInfo['config']) =>
  ({ id, name: id, state: 'done', config, epoch: 1, epochs: 1, history: [], opened: 0 }) as RunInfo;

test('a sweep is done as far as its runs have models; what was interrupted is neither done nor left, but can be resumed', () => {
  const states = ['done', 'done', 'interrupted', 'waiting', 'running', 'paused', 'failed', 'cancelled'] as const;
  const runs = states.map((state, at) => ({
    ...run(`r${at}`, {}),
    state,
    ...(state === 'interrupted' && { resumable: true }),
  }));
  const lost: RunInfo = { ...run('lost', {}), state: 'interrupted', typed: true };
  const { done, left, resumable } = courseOf([...runs, lost]);
  expect(done).toBe(2);
  expect(left.map(({ state }) => state)).toEqual(['waiting', 'running', 'paused']);
  expect(resumable.map(({ id }) => id)).toEqual(['r2']);
});

test('only options that differ are listed, with defaults in place of what is not stated', () => {
  const found = differences([{}, { dimension: 32 }, { dimension: 64 }], fields);
  expect(found.map(({ path, values }) => [path, values])).toEqual([['dimension', [64, 32, 64]]]);
  expect(differences([{ epochs: 5 }, { epochs: 5 }], fields)).toEqual([]);
});

test('options of losses belong to their loss', () => {
  const found = differences([{ loss: { name: 'sl', tau: 0.1 } }, { loss: 'bpr' }], fields);
  const byPath = Object.fromEntries(found.map(({ path, values }) => [path, values]));
  expect(byPath['loss.name']).toEqual(['sl', 'bpr']);
  expect(byPath['loss.options.tau']).toEqual([0.1, undefined]);
  expect(shownValue(undefined)).toBe('–');
});

test('values of an axis are read with their faults', () => {
  const field = (path: string) => fields.find((one) => one.path === path)!;
  expect(readValues(field('dimension'), '16, 32 64 32')).toEqual({ values: [16, 32, 64] });
  expect(readValues(field('dimension'), '1.5').fault).toContain('1.5');
  expect(readValues(field('learningRate'), ' ').fault).toBeDefined();
  expect(readValues(field('loss.name'), 'sl bpr')).toEqual({ values: ['sl', 'bpr'] });
});

test('a sweep begins with the objective of the data, unless one of its values excludes it', () => {
  const objective = { loss: 'bsl', batch: { pool: 'popularity' } } as const;
  expect(baseOf([{ path: 'batch.negatives', values: [64, 128] }, { path: 'dimension' }], objective)).toBe(objective);
  expect(
    baseOf(
      [
        { path: 'dimension', values: [8] },
        { path: 'batch.negatives', values: [64, 'all'] },
      ],
      objective,
    ),
  ).toEqual({});
});

test('a range has its ends, equal steps or equal factors', () => {
  expect(range(0.1, 0.5, 5, 'step')).toEqual([0.1, 0.2, 0.3, 0.4, 0.5]);
  expect(range(1, 16, 5, 'factor')).toEqual([1, 2, 4, 8, 16]);
});

test('a sweep’s axes are found again from its runs, in any order of finishing', () => {
  const axes = fc.tuple(
    fc.uniqueArray(fc.constantFrom(8, 16, 32, 48), { minLength: 2 }),
    fc.uniqueArray(fc.constantFrom(0.01, 0.03, 0.05), { minLength: 2 }),
  );
  fc.assert(
    fc.property(axes, fc.integer(), ([dimensions, rates], seed) => {
      const runs = dimensions
        .flatMap((dimension) =>
          rates.map((learningRate) => run(`${dimension} ${learningRate}`, { dimension, learningRate })),
        )
        .sort((a, b) => ((a.id.length * seed) % 7) - ((b.id.length * seed) % 7));
      const grid = gridOf(runs, fields);
      expect(new Set(grid.axes.map(({ path }) => path))).toEqual(new Set(['dimension', 'learningRate']));
      for (const dimension of dimensions)
        for (const rate of rates) {
          const values = grid.axes.map(({ path }) => (path === 'dimension' ? dimension : rate));
          expect(grid.at(...values)?.id).toBe(`${dimension} ${rate}`);
        }
    }),
  );
});

test('losses are an axis of their own, without the options that follow from them', () => {
  const runs = ['sl', 'bpr'].flatMap((loss) =>
    [16, 32].map((dimension) => run(`${loss} ${dimension}`, { loss: { name: loss }, dimension } as never)),
  );
  const grid = gridOf(runs, fields);
  expect(grid.axes.map(({ path }) => path).sort()).toEqual(['dimension', 'loss.name']);
  expect(requestAxes([{ path: 'loss.name', values: ['sl'] }])).toEqual([{ path: 'loss', values: ['sl'] }]);
});

test('every option that a search tries is offered for a sweep, and by their declarations those that a person may compare besides; nothing else is', () => {
  const offered = sweepable(fields).map(({ path }) => path);
  for (const { path, facts, schema } of trainOptions) {
    if (facts?.source || !fields.some((field) => field.path === path)) continue;
    expect([path, offered.includes(path)], String(schema)).toEqual([path, !facts?.fixed || facts.compared === true]);
  }
  for (const path of ['seed', 'neighbors', 'coldItems', 'refit']) expect(offered).toContain(path);
});

test('a switch is an axis with two values', () => {
  const field = fields.find(({ path }) => path === 'refit')!;
  expect(readValues(field, 'true false')).toEqual({ values: [true, false] });
  const grid = gridOf(
    [true, false].flatMap((refit) => [1, 2, 3].map((seed) => run(`${refit} ${seed}`, { refit, seed }))),
    fields,
  );
  expect(new Map(grid.axes.map(({ path, values }) => [path, values]))).toEqual(
    new Map<string, unknown>([
      ['refit', [true, false]],
      ['seed', [1, 2, 3]],
    ]),
  );
});

test('what cannot be compared is not offered for a sweep', () => {
  const paths = sweepable(fieldsInForce({}, fields)).map(({ path }) => path);
  expect(paths).toContain('loss.options.tau');
  expect(paths).toContain('dimension');
  for (const path of ['threads', 'engine', 'build', 'validation.metric', 'aim', 'timeBudget'])
    expect(paths).not.toContain(path);
});

test('levels go from 0 to 8', () => {
  expect([1, 2, 3].map((value) => level(value, [1, 2, 3]))).toEqual([0, 4, 8]);
  expect(level(2, [2, 2])).toBe(4);
});

test('a comparison names the better run, or no clear difference', () => {
  const row = { metric: 'ndcg@20', difference: 0.03, low: 0.01, high: 0.05, p: 0.002 };
  expect(comparisonInWords(row, ['A', 'B'])).toMatch(/^B is better than A by 0.03 NDCG@20.*0.01 to 0.05.*0.2%/);
  const other = { metric: 'ndcg@20', difference: -0.03, low: -0.05, high: -0.01, p: 0.0002 };
  expect(comparisonInWords(other, ['A', 'B'])).toMatch(/^A is better than B by 0.03.*0.01 to 0.05.*p < 0.001/);
  expect(comparisonInWords({ ...row, low: -0.02, p: 0.4 }, ['A', 'B'])).toMatch(/^No clear difference.*40%/);
});

test('positions of the address take different runs', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((id) => run(id, {}));
  const done = [a!, b!, c!];
  expect([0, 1].map((at) => runAt(done, [], at)?.id)).toEqual(['a', 'b']);
  expect([0, 1].map((at) => runAt(done, ['b'], at)?.id)).toEqual(['b', 'a']);
  expect([0, 1].map((at) => runAt(done, ['gone', 'a'], at)?.id)).toEqual(['b', 'a']);
  expect(runAt([a!], [], 1)).toBeUndefined();
});

test('the loss that typing starts from is the softmax loss, to the last bit', async () => {
  const { default: typed } = await import(`data:text/javascript,${encodeURIComponent(lossTemplate)}`);
  const plain = new SoftmaxLoss({ tau: 0.1 });
  const scores = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 6 });
  const weights = fc.array(fc.constantFrom(0, 0.5, 1, 2), { minLength: 6, maxLength: 6 });
  fc.assert(
    fc.property(scores, scores, weights, weights, (positives, negatives, ofPositives, ofNegatives) => {
      const row = {
        positives: Float64Array.from(positives),
        negatives: Float64Array.from(negatives),
        positiveWeights: Float64Array.from(ofPositives.slice(0, positives.length)),
        negativeWeights: Float64Array.from(ofNegatives.slice(0, negatives.length)),
      };
      const gradients = () => ({
        positives: new Float64Array(positives.length),
        negatives: new Float64Array(negatives.length),
      });
      const [a, b] = [gradients(), gradients()];
      const context = { logExpectationExp } as never;
      expect(typed.evaluate(row, a, context)).toBe(plain.evaluate(row, b, context));
      expect(a).toEqual(b);
    }),
  );
});
