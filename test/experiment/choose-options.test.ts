import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chooseOptions } from '../../src/experiment/choose-options.ts';
import type { Lab } from '../../src/experiment/experiment.ts';
import { triedTables } from '../../src/experiment/findings.ts';
import type { RunRecord, RunSpec } from '../../src/experiment/run.ts';
import type { LossCase } from '../../src/experiment/settings.ts';
import { rejectionOf } from '../support/error-of.ts';

const data = { name: 'films', files: { train: 'train.csv' }, config: {} };
const spec = { data, choice: 'validation' as const, config: {} };

/** A laboratory whose validation value is a function of the specification; the test value is its opposite, so that who looked at it would be found out. */
function labOf(value: (spec: RunSpec) => number | 'diverged'): Lab & { asked: RunSpec[] } {
  const asked: RunSpec[] = [];
  const runAll = async (_: string, specs: readonly RunSpec[]) =>
    specs.map((one) => {
      asked.push(one);
      const found = value(one);
      if (found === 'diverged') return failure(one);
      const evaluations = { clean: { metrics: { 'ndcg@20': -found } } };
      return { seed: one.seed, chosen: { epoch: 1, value: found }, evaluations } as unknown as RunRecord;
    });
  return {
    ...{ asked, runAll, runAlone: runAll, tryAll: runAll, perUser: () => ({ users: [], columns: {} }) },
    recorded: async (specs) => specs.map(() => undefined),
    say: () => {},
  };
}

function failure({ seed }: RunSpec): RunRecord {
  const failed = { code: 'diverged', message: 'Training diverged.' };
  return {
    key: 'abc',
    seed,
    data: { name: 'films' },
    config: { loss: { name: 'bsl' } },
    noise: {},
    failed,
  } as unknown as RunRecord;
}

const optionsOf = ({ config }: RunSpec) => (config.loss as { options: Record<string, number> }).options;

function caseOf(candidates: LossCase['candidates']): LossCase {
  return { label: 'bsl', source: { name: 'bsl', options: {} }, candidates, config: {} };
}

/** A further value of a grid, on the side where the best lies at or beyond its end: the next step of the same ratio, to two digits. */
function further(list: readonly number[], best: number): number[] {
  const sorted = [...list].sort((a, b) => a - b);
  const [low, high] = [sorted.slice(0, 2).reverse(), sorted.slice(-2)] as [number[], number[]];
  return [best <= sorted[0]! ? low : [], best >= sorted.at(-1)! ? high : []].flatMap(([before, last]) =>
    last === undefined ? [] : [Number(((last * last) / before!).toPrecision(2))],
  );
}

test('a grid whose best value is at an end is widened once, within the bounds of the option', async () => {
  const most = async (loss: LossCase) => {
    const lab = labOf((one) => Number(optionsOf(one).tau ?? optionsOf(one).margin ?? optionsOf(one).tau1));
    const [chosen] = await chooseOptions(lab, '', [{ spec, loss }], [1]);
    return [chosen!.options, chosen!.edges, chosen!.tried.length];
  };
  expect(await most(caseOf({ tau: [0.1, 0.2] }))).toEqual([{ tau: 0.4 }, ['tau'], 3]);
  // a margin is at most 1
  const ccl: LossCase = {
    label: 'ccl',
    source: { name: 'ccl', options: {} },
    candidates: { margin: [0.5, 1] },
    config: {},
  };
  expect(await most(ccl)).toEqual([{ margin: 1 }, ['margin'], 2]);
  // infinity is the limit of τ1, and one value is no grid
  expect(await most(caseOf({ tau1: [1, 2, Infinity] }))).toEqual([{ tau1: Infinity }, [], 3]);
  expect(await most(caseOf({ tau: [0.1] }))).toEqual([{ tau: 0.1 }, [], 1]);
  const module: LossCase = { ...caseOf({ tau: [1, 2] }), source: { module: './own.js', options: {} } };
  expect(await most(module)).toEqual([{ tau: 2 }, ['tau'], 2]);
});

describe('options are chosen by the validation value', () => {
  test('the best of each list, where options do not depend on one another', async () => {
    const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(numbers, numbers, fc.integer({ max: 100 }), fc.integer({ max: 100 }), async (a, b, x, y) => {
        const lab = labOf((one) => -Math.abs(optionsOf(one).tau! - x) - Math.abs(optionsOf(one).tau1! - y));
        const [chosen] = await chooseOptions(lab, '', [{ spec, loss: caseOf({ tau: a, tau1: b }) }], [1]);
        const nearest = (list: number[], to: number) =>
          Math.min(...[...list, ...further(list, to)].map((one) => Math.abs(one - to)));
        expect(Math.abs((chosen!.options.tau as number) - x)).toBe(nearest(a, x));
        expect(Math.abs((chosen!.options.tau1 as number) - y)).toBe(nearest(b, y));
        for (const [name, list, to] of [['tau', a, x] as const, ['tau1', b, y] as const]) {
          const outside = list.length > 1 && (to <= Math.min(...list) || to >= Math.max(...list));
          if (!outside) continue;
          const all = [...list, ...further(list, to)];
          const ends = [Math.min(...all), Math.max(...all)];
          expect(chosen!.edges.includes(name)).toBe(ends.includes(chosen!.options[name] as number));
        }
      }),
    );
  });

  test('again until nothing changes, where they do', async () => {
    const best = (one: RunSpec) => {
      const { tau = 0, tau1 = 0 } = optionsOf(one);
      return tau1 === 3 ? -Math.abs(tau - 1) : tau - 10 + (tau1 === 2 ? 0.5 : 0);
    };
    const [chosen] = await chooseOptions(
      labOf(best),
      '',
      [{ spec, loss: caseOf({ tau: [1, 2, 3], tau1: [1, 2, 3] }) }],
      [1],
    );
    expect(chosen!.options).toEqual({ tau: 1, tau1: 3 });
  });

  test('with the first seed alone; the chosen options then run with all', async () => {
    const lab = labOf((one) => (one.seed === 1 ? optionsOf(one).tau! : -optionsOf(one).tau!));
    const [chosen] = await chooseOptions(lab, '', [{ spec, loss: caseOf({ tau: [1, 2, 3] }) }], [1, 2, 3]);
    expect(chosen!.options).toEqual({ tau: 4.5 });
    expect(chosen!.records.map(({ seed }) => seed)).toEqual([1, 2, 3]);
    expect(lab.asked.filter(({ seed }) => seed !== 1).map((one) => optionsOf(one).tau)).toEqual([4.5, 4.5]);
    expect(chosen!.tried.map(({ options }) => options.tau)).toEqual([1, 2, 3, 4.5]);
  });

  test('training options too', async () => {
    const lab = labOf(({ config }) => -(config.decoupledWeightDecay as number));
    const loss = caseOf({ 'config.decoupledWeightDecay': [1, 0.5, 2] });
    const [chosen] = await chooseOptions(lab, '', [{ spec, loss }], [1]);
    expect(chosen!.options).toEqual({ 'config.decoupledWeightDecay': 0.25 });
    expect(chosen!.edges).toEqual(['config.decoupledWeightDecay']);
    expect(optionsOf(lab.asked[0]!)).toEqual({});
  });

  test('of every case by itself; one without options runs as it is', async () => {
    const lab = labOf((one) => optionsOf(one).tau ?? 0);
    const cases = [
      { spec, loss: caseOf({ tau: [1, 2] }) },
      { spec, loss: caseOf({}) },
    ];
    const chosen = await chooseOptions(lab, '', cases, [1, 2]);
    expect(chosen.map(({ options }) => options)).toEqual([{ tau: 4 }, {}]);
    expect(chosen.map(({ records }) => records.length)).toEqual([2, 2]);
  });

  test('a training that diverges is worse than any other, and is told', async () => {
    const lab = labOf((one) => (optionsOf(one).tau! < 3 ? 'diverged' : -optionsOf(one).tau!));
    const [chosen] = await chooseOptions(lab, '', [{ spec, loss: caseOf({ tau: [1, 2, 3, 4] }) }], [1, 2]);
    expect(chosen!.options).toEqual({ tau: 3 });
    const [table] = triedTables('tried', [chosen!], 1);
    expect(table!.rows).toEqual([
      ['bsl', 'tau 1', 'diverged'],
      ['bsl', 'tau 2', 'diverged'],
      ['bsl', 'tau 3', -3],
      ['bsl', 'tau 4', -4],
    ]);
  });

  test('options with which another seed diverges are passed over for the next best; other cases keep theirs', async () => {
    const lab = labOf((one) => (one.seed === 2 && optionsOf(one).tau! > 1.5 ? 'diverged' : optionsOf(one).tau!));
    const cases = [
      { spec, loss: caseOf({ tau: [1, 2, 3] }) },
      { spec, loss: caseOf({ tau: [1] }) },
    ];
    const chosen = await chooseOptions(lab, '', cases, [1, 2]);
    expect(chosen.map(({ options }) => options)).toEqual([{ tau: 1 }, { tau: 1 }]);
    expect(chosen.flatMap(({ records }) => records.map(({ chosen: { value } }) => value))).toEqual([1, 1, 1, 1]);
  });

  test.each([[{ tau: [1, 2] }], [{}]])('where all of %j diverge the error says which run', async (candidates) => {
    const error = await rejectionOf(
      chooseOptions(
        labOf(() => 'diverged'),
        '',
        [{ spec, loss: caseOf(candidates) }],
        [1],
      ),
    );
    expect([error.code, error.message]).toEqual([
      'failed-run',
      expect.stringContaining('films, bsl, seed 1: Training diverged.'),
    ]);
  });
});
