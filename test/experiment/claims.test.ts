import { describe, expect, test } from 'vitest';
import { experimentNamed, experiments } from '../../src/experiment/experiments.ts';
import type { ExperimentConfig } from '../../src/experiment/settings.ts';
import { checkReport, type Report } from '../../src/report/report.ts';
import { rejectionOf } from '../support/error-of.ts';
import { type Asked, findingsOf, type MadeUp, madeUpLab } from '../support/made-up-lab.ts';

/** An experiment, a claim of it, and two worlds: one in which it is true, one in which it is false. */
interface Trial {
  readonly experiment: string;
  readonly claim: RegExp;
  readonly config?: ExperimentConfig;
  readonly true: (asked: Asked) => MadeUp;
  readonly false: (asked: Asked) => MadeUp;
}

/** Test and validation value by loss; others 1. */
const byLoss = (values: Record<string, number>) => (asked: Asked) => {
  const value = values[asked.loss] ?? 1;
  return { test: value, valid: value };
};
/** The part that a loss loses of itself at noise 1. */
const losing = (parts: Record<string, number>) => (asked: Asked) => ({
  test: 1 - (parts[asked.loss] ?? 0.1) * asked.noise,
});
const lambda = ({ options }: Asked) => options.negativeWeight ?? 1;
const dial = {
  data: [
    { name: 'films', train: 'a', test: 'b' },
    { name: 'films-popularity', train: 'a', test: 'b' },
  ],
  levels: [1.2, 0.8, 1],
};
const isShifted = ({ data }: Asked) => data.endsWith('-popularity');
const noisyLevels = { levels: [0.4, 0] };
const withSlatk = { ...noisyLevels, losses: ['sl', 'slatk'] };
const four = ['sl', 'bsl'].flatMap((name) => [
  { name, negativeWeight: 1 },
  { name, label: `${name} with λ`, negativeWeight: 1.2 },
]);
const fourLosses = { ...noisyLevels, losses: four };
/** Test values of SL and BSL at λ 1 and above. */
const byFour =
  (values: Readonly<Record<'sl' | 'bsl' | 'slBest' | 'bslBest', number>>) =>
  (asked: Asked): MadeUp => ({
    test: values[`${asked.loss as 'sl' | 'bsl'}${lambda(asked) > 1 ? 'Best' : ''}`],
  });
const tau = ({ options }: Asked) => options.tau!;
const taus = { levels: [0.4, 0.1, 0.2] };
const isPair = ({ batch }: Asked) => batch.kind === 'pair';

const trials: Trial[] = [
  ...['losses', 'temporal-shift', 'popularity-shift'].flatMap((experiment): Trial[] => [
    {
      ...{ experiment, claim: /best softmax loss/ },
      true: byLoss({ psl: 2, bpr: 1.5 }),
      false: byLoss({ psl: 2, bpr: 2.5 }),
    },
    {
      ...{ experiment, claim: /BSL is at least as accurate/ },
      true: byLoss({ sl: 1, bsl: 1 }),
      false: byLoss({ sl: 1, bsl: 0.9 }),
    },
    { experiment, claim: /DSL is more/, true: byLoss({ dsl: 1.1 }), false: byLoss({ dsl: 0.9 }) },
  ]),
  { experiment: 'losses', claim: /best softmax loss/, true: byLoss({ sl: 2, ccl: 1.5 }), false: byLoss({ ccl: 2 }) },
  {
    ...{ experiment: 'popularity-shift', claim: /with a λ chosen/ },
    true: ({ options }) => ({ test: options.negativeWeight ? 2 : 1, valid: lambda({ options } as Asked) }),
    false: ({ options }) => ({ test: options.negativeWeight ? 0.5 : 1 }),
  },
  {
    ...{ experiment: 'popularity-shift', claim: /with a popularity prior chosen/ },
    true: ({ config }) => ({ test: config.popularityPrior === 'auto' ? 2 : 1 }),
    false: ({ config }) => ({ test: config.popularityPrior === 'auto' ? 0.5 : 1 }),
  },
  ...['negative-noise', 'false-negatives'].flatMap((experiment): Trial[] => [
    {
      ...{ experiment, claim: /keeps a larger fraction/, config: noisyLevels },
      true: losing({ sl: 0.01 }),
      false: losing({ sl: 0.2 }),
    },
    {
      ...{ experiment, claim: /best softmax loss/, config: noisyLevels },
      true: byLoss({ bsl: 1.1 }),
      false: byLoss({ mse: 1.1 }),
    },
    {
      ...{ experiment, claim: /DSL is more/, config: noisyLevels },
      true: byLoss({ dsl: 1.1 }),
      false: byLoss({ sl: 1.1 }),
    },
  ]),
  {
    ...{
      experiment: 'positive-noise',
      claim: /40% random positives BSL is more accurate than SL, in user rows/,
      config: noisyLevels,
    },
    true: (asked) => ({ test: asked.loss === 'bsl' && asked.noise > 0 ? 1.1 : 1 }),
    false: (asked) => ({ test: asked.loss === 'bsl' && asked.noise > 0 ? 0.9 : 1 }),
  },
  {
    ...{ experiment: 'positive-noise', claim: /the smaller the best τ1/, config: noisyLevels },
    true: ({ noise, options: { tau1 = 1 } }) => ({ valid: noise > 0 ? -tau1 : tau1 }),
    false: ({ noise, options: { tau1 = 1 } }) => ({ valid: noise > 0 ? tau1 : -tau1 }),
  },
  {
    ...{ experiment: 'positive-noise', claim: /Pair rows hide the effect/, config: noisyLevels },
    true: (asked) => ({ test: asked.loss === 'bsl' && !isPair(asked) ? 1.2 : 1 }),
    false: (asked) => ({ test: asked.loss === 'bsl' ? 1.2 : 1 }),
  },
  ...['negative-noise', 'false-negatives'].flatMap((experiment): Trial[] => [
    {
      ...{ experiment, claim: /noise BSL is more/, config: noisyLevels },
      true: byLoss({ bsl: 1.1 }),
      false: byLoss({ sl: 1.1 }),
    },
    {
      ...{ experiment, claim: /noise PSL is more/, config: { ...noisyLevels, losses: ['sl', 'psl'] } },
      true: byLoss({ psl: 1.1 }),
      false: byLoss({ sl: 1.1 }),
    },
    {
      ...{ experiment, claim: /noise BSL at its best λ/, config: { ...noisyLevels, losses: four } },
      true: byLoss({ bsl: 1.1 }),
      false: byLoss({ sl: 1.1 }),
    },
    {
      ...{ experiment, claim: /larger the best τ/, config: noisyLevels },
      true: ({ noise, options: { tau = 1 } }) => ({ valid: noise > 0 ? tau : -tau }),
      false: ({ noise, options: { tau = 1 } }) => ({ valid: noise > 0 ? -tau : tau }),
    },
  ]),
  {
    ...{ experiment: 'positive-noise', claim: /positives SL@K is more/, config: withSlatk },
    true: byLoss({ slatk: 1.1 }),
    false: byLoss({ slatk: 0.9 }),
  },
  {
    ...{ experiment: 'positive-noise', claim: /SL@K keeps a larger/, config: withSlatk },
    true: losing({ slatk: 0.01 }),
    false: losing({ slatk: 0.2 }),
  },
  {
    ...{ experiment: 'positive-noise', claim: /BSL at its best λ is more accurate than SL at λ 1/, config: fourLosses },
    true: byFour({ sl: 1, bsl: 1, slBest: 1, bslBest: 1.1 }),
    false: byFour({ sl: 1, bsl: 1, slBest: 1, bslBest: 0.9 }),
  },
  {
    ...{ experiment: 'positive-noise', claim: /if both have their best λ/, config: fourLosses },
    true: byFour({ sl: 1, bsl: 1, slBest: 1.1, bslBest: 1.2 }),
    false: byFour({ sl: 1, bsl: 1.2, slBest: 1.3, bslBest: 1.2 }),
  },
  {
    ...{ experiment: 'positive-noise', claim: /most of BSL’s gain/, config: fourLosses },
    true: byFour({ sl: 1, bsl: 1.05, slBest: 1.2, bslBest: 1.2 }),
    false: byFour({ sl: 1, bsl: 1.2, slBest: 1.05, bslBest: 1.2 }),
  },
  {
    ...{ experiment: 'positive-noise', claim: /larger the fraction that BSL gains/, config: fourLosses },
    true: (asked) => byFour({ sl: 1, bsl: 1, slBest: 1, bslBest: 1.1 + 0.1 * asked.noise })(asked),
    false: (asked) => byFour({ sl: 1, bsl: 1, slBest: 1, bslBest: 1.1 - 0.1 * asked.noise })(asked),
  },
  {
    ...{ experiment: 'negatives', claim: /^SL is more accurate with the most/ },
    true: ({ loss, batch }) => ({ test: loss === 'sl' && batch.negatives! > 100 ? 1.1 : 1 }),
    false: ({ loss, batch }) => ({ test: loss === 'sl' && batch.negatives! > 100 ? 0.9 : 1 }),
  },
  {
    ...{ experiment: 'negatives', claim: /SL gains a larger fraction/ },
    true: ({ loss, batch }) => ({ test: loss === 'sl' && batch.negatives! > 100 ? 1.1 : 1 }),
    false: ({ loss, batch }) => ({ test: loss === 'bce' && batch.negatives! > 100 ? 1.1 : 1 }),
  },
  ...['bpr', 'bce', 'mse'].map(
    (other): Trial => ({
      ...{ experiment: 'published-tables', claim: new RegExp(`^SL is more accurate than ${other.toUpperCase()}`) },
      true: byLoss({ [other]: 0.9 }),
      false: byLoss({ [other]: 1.1 }),
    }),
  ),
  {
    ...{ experiment: 'published-tables', claim: /^BSL at its best λ/ },
    true: byLoss({ bsl: 1.1 }),
    false: byLoss({ bsl: 0.9 }),
  },
  {
    ...{ experiment: 'published-tables', claim: /^DSL is more/ },
    true: byLoss({ dsl: 1.1 }),
    false: byLoss({ dsl: 0.9 }),
  },
  ...['dsl', 'psl'].map(
    (other): Trial => ({
      ...{ experiment: 'published-tables', claim: new RegExp(`shift ${other.toUpperCase()} is more`) },
      config: { ...dial, losses: ['sl', other] },
      true: byLoss({ [other]: 1.1 }),
      false: byLoss({ [other]: 0.9 }),
    }),
  ),
  ...['bpr', 'bce', 'mse'].map(
    (other): Trial => ({
      ...{ experiment: 'fairness', claim: new RegExp(`than ${other.toUpperCase()}`) },
      true: ({ loss }) => ({ spread: loss === 'sl' ? 0.5 : 1 }),
      false: ({ loss }) => ({ spread: loss === other ? 0.4 : loss === 'sl' ? 0.5 : 1 }),
    }),
  ),
  {
    ...{ experiment: 'popularity-dial', claim: /smaller the part of the catalogue/, config: dial },
    true: (asked) => ({ metrics: { 'coverage@20': 2 - lambda(asked) } }),
    false: (asked) => ({ metrics: { 'coverage@20': lambda(asked) } }),
  },
  {
    ...{ experiment: 'popularity-dial', claim: /more popular the items/, config: dial },
    true: (asked) => ({ metrics: { 'popularity@20': lambda(asked) } }),
    false: (asked) => ({ metrics: { 'popularity@20': -lambda(asked) } }),
  },
  {
    ...{ experiment: 'popularity-dial', claim: /On ordinary test sets .* above 1/, config: dial },
    true: (asked) => ({ valid: isShifted(asked) ? -lambda(asked) : lambda(asked) }),
    false: (asked) => ({ valid: -lambda(asked) }),
  },
  {
    ...{ experiment: 'popularity-dial', claim: /uniformly over the catalogue.* below 1/, config: dial },
    true: (asked) => ({ valid: isShifted(asked) ? -lambda(asked) : lambda(asked) }),
    false: (asked) => ({ valid: lambda(asked) }),
  },
  {
    ...{ experiment: 'temperature', claim: /inside the range/, config: taus },
    true: (asked) => ({ valid: -Math.abs(tau(asked) - 0.2) }),
    false: (asked) => ({ valid: tau(asked) }),
  },
  {
    ...{ experiment: 'temperature', claim: /larger the robust radius/, config: taus },
    true: (asked) => ({ analysis: { radius: 1 / tau(asked) } }),
    false: (asked) => ({ analysis: { radius: tau(asked) } }),
  },
  {
    ...{ experiment: 'temperature', claim: /smaller the variance/, config: taus },
    true: (asked) => ({ analysis: { negativeVariance: tau(asked) } }),
    false: (asked) => ({ analysis: { negativeVariance: 1 - tau(asked) } }),
  },
  {
    ...{ experiment: 'temperature', claim: /the second-order approximation sqrt/, config: taus },
    true: (asked) => ({ valid: -Math.abs(tau(asked) - 0.2), analysis: { predictedTau: 1.1 * tau(asked) } }),
    false: (asked) => ({ valid: -Math.abs(tau(asked) - 0.2), analysis: { predictedTau: 1.5 * tau(asked) } }),
  },
  {
    // films: η = 1/8 at the best τ, .2; books: the variance says τ = .4 there
    ...{ experiment: 'temperature', claim: /One radius/, config: { levels: [0.05, 0.1, 0.2, 0.4, 0.8] } },
    true: (asked) => ({
      valid: -Math.abs(tau(asked) - (asked.data === 'films' ? 0.2 : 0.4)),
      analysis: { radius: 0.125, negativeVariance: asked.data === 'films' ? 0.01 : 0.04 },
    }),
    false: (asked) => ({
      valid: -Math.abs(tau(asked) - (asked.data === 'films' ? 0.2 : 0.1)),
      analysis: { radius: 0.125, negativeVariance: asked.data === 'films' ? 0.01 : 0.04 },
    }),
  },
  {
    ...{ experiment: 'batches', claim: /At equal epochs/ },
    true: () => ({ test: 1 }),
    false: (asked) => ({ test: isPair(asked) ? 1.1 : 1 }),
  },
  {
    ...{ experiment: 'batches', claim: /Given the time/ },
    true: (asked) => ({ test: 'timeBudget' in asked.config ? 0.9 : 1 }),
    false: (asked) => ({ test: 'timeBudget' in asked.config ? 1.1 : 1 }),
  },
];

describe('a claim holds where it is true and fails where it is not', () => {
  test.each(trials.map((trial) => [trial.experiment, String(trial.claim), trial] as const))(
    '%s: %s',
    async (name, _, trial) => {
      const experiment = experimentNamed(name);
      const judge = async (world: Trial['true']) =>
        (await findingsOf(experiment, madeUpLab(world), trial.config)).verdict(trial.claim);
      expect(await judge(trial.true)).toBe('held');
      expect(await judge(trial.false)).toBe('not held');
    },
  );

  test.each(trials.map((trial) => [trial.experiment, String(trial.claim), trial] as const))(
    '%s: %s with one seed decides nothing',
    async (name, _, trial) => {
      for (const world of [trial.true, trial.false]) {
        const found = await findingsOf(experimentNamed(name), madeUpLab(world), { ...trial.config, seeds: [1] });
        expect(found.verdict(trial.claim)).toBe('unclear');
      }
    },
  );

  test('batches: pair rows that end before the time is up are not compared at equal time', async () => {
    const lab = madeUpLab((asked) => ({ test: isPair(asked) ? 0.9 : 1, seconds: isPair(asked) ? 5 : 10 }));
    const { verdict, evidence } = await findingsOf(experimentNamed('batches'), lab);
    expect(verdict(/Given the time/)).toBe('unclear');
    expect(evidence(/Given the time/)).toContain('pair rows finished after 5.0 of 10.0 s');
  });

  test('every claim of every experiment is on trial', async () => {
    // `papers` repeats the claims of its parts.
    for (const experiment of experiments.filter(({ name }) => name !== 'papers')) {
      const { claims } = await findingsOf(
        experiment,
        madeUpLab(() => ({})),
      );
      const own = trials.filter((trial) => trial.experiment === experiment.name);
      for (const { claim } of claims)
        expect(
          own.some((trial) => trial.claim.test(claim)),
          claim,
        ).toBe(true);
    }
  });
});

describe('every experiment', () => {
  const one = (name: string) => [{ name, train: 'train.csv', test: 'test.csv' }];

  test.each(experiments.map((experiment) => [experiment.name, experiment] as const))(
    '%s: no name comes twice with two losses of one data set; one level and one seed are enough; nothing looks at the test set to choose',
    async (_, experiment) => {
      const losses = [
        { name: 'sl', tau: [0.1, 0.2] },
        { name: 'psl', tau: [0.1, 0.2] },
      ];
      const several = await findingsOf(
        experiment,
        madeUpLab(() => ({})),
        { losses, data: one('films') },
      );
      expect(() => checkReport(several.report as Report)).not.toThrow();
      for (const seed of [1, 2]) {
        const few = await findingsOf(
          experiment,
          madeUpLab(() => ({})),
          { levels: [64], seeds: [seed], losses: ['sl'] },
        );
        expect(JSON.stringify(few)).not.toMatch(/NaN|undefined/);
        for (const { verdict } of few.claims) expect(['unclear', 'held', 'not held']).toContain(verdict);
      }
    },
  );

  test.each(experiments.map((experiment) => [experiment.name, experiment] as const))(
    '%s: other cut-offs are computed, and its own are too',
    async (_, experiment) => {
      const lab = madeUpLab(() => ({}));
      const { sections } = await findingsOf(experiment, lab, { metric: 'ndcg@10', metrics: ['recall@5'] });
      expect(JSON.stringify(sections)).not.toMatch(/null,"deviation"|NaN/);
      for (const { ks } of lab.asked) expect(ks).toEqual([5, 10]);
    },
  );

  test.each(
    experiments
      .filter(({ name }) => name !== 'losses' && !name.endsWith('-shift'))
      .map((experiment) => [experiment.name, experiment] as const),
  )('%s: several backbones are refused, not left out', async (_, experiment) => {
    const error = await rejectionOf(
      findingsOf(
        experiment,
        madeUpLab(() => ({})),
        { backbones: ['mf', 'lightgcn'] },
      ),
    );
    expect([error.code, error.facts.option]).toEqual(['bad-option', 'backbones']);
  });

  test.each(['fairness', 'popularity-dial'])('%s: groups contribute to NDCG and Recall alone', async (name) => {
    const error = await rejectionOf(
      findingsOf(
        experimentNamed(name),
        madeUpLab(() => ({})),
        { metric: 'coverage@20' },
      ),
    );
    expect([error.code, error.facts.option]).toEqual(['bad-option', 'metric']);
  });
});
