import type { Experiment, Lab } from '../../src/experiment/experiment.ts';
import { experimentSettings } from '../../src/experiment/read-settings.ts';
import type { RunRecord, RunSpec } from '../../src/experiment/run.ts';
import type { ExperimentConfig } from '../../src/experiment/settings.ts';
import type { ClaimVerdict, Report } from '../../src/report/report.ts';

/** What a made-up run gives; what is not said is 1. */
export interface MadeUp {
  /** Every test metric. */
  readonly test?: number;
  readonly valid?: number;
  readonly metrics?: Readonly<Record<string, number>>;
  readonly spread?: number;
  readonly analysis?: Readonly<Record<string, number>>;
  readonly seconds?: number;
}

/** What decides a made-up run: the loss with its options, data, noise, backbone, batch, seed. */
export interface Asked {
  readonly loss: string;
  readonly options: Readonly<Record<string, number>>;
  readonly data: string;
  readonly noise: number;
  readonly batch: { readonly kind?: string; readonly negatives?: number };
  readonly config: RunSpec['config'];
  readonly spec: RunSpec;
}

/** A laboratory that trains nothing. Seeds differ a little, all alike, so that differences over seeds are decided. */
export function madeUpLab(run: (asked: Asked) => MadeUp): Lab & { readonly asked: RunSpec[] } {
  const asked: RunSpec[] = [];
  const record = (spec: RunSpec): RunRecord => {
    asked.push(spec);
    const { name, options } = spec.config.loss as { name: string; options: Record<string, number> };
    const noise = Object.values(spec.noise ?? {})[0] ?? 0;
    const batch = (spec.config.batch ?? {}) as Asked['batch'];
    const made = run({ loss: name, options, data: spec.data.name, noise, batch, config: spec.config, spec });
    const { test = 1, valid = 1, metrics = {}, spread = 1, analysis = {}, seconds = 1 } = made;
    const shift = spec.seed / 1e6;
    const names = ['ndcg', 'recall', 'coverage', 'gini', 'popularity', 'novelty'];
    const all = Object.fromEntries(spec.ks!.flatMap((k) => names.map((one) => [`${one}@${k}`, test + shift])));
    const shifted = (values: Readonly<Record<string, number>>) =>
      Object.fromEntries(Object.entries(values).map(([key, value]) => [key, value + shift]));
    const groups = spec.ks!.flatMap((k) => ['ndcg', 'recall'].map((one) => `${one}@${k}`));
    const evaluation = {
      users: 2,
      metrics: { ...all, ...shifted(metrics) },
      groups: {
        contributions: Object.fromEntries(groups.map((one) => [one, new Array(10).fill(0.1)])),
        spread: Object.fromEntries(groups.map((one) => [one, spread + shift])),
      },
    };
    return {
      seed: spec.seed,
      data: { name: spec.data.name, popularityShift: 1 },
      config: { ...spec.config, loss: { name, options } },
      chosen: { epoch: 1, popularityPrior: 0, metric: 'ndcg@20', value: valid + shift },
      seconds: { train: seconds, validate: 0, evaluate: 0 },
      analysis: { ...defaultAnalysis, ...shifted(analysis) },
      evaluations: { clean: evaluation, irbench: evaluation },
    } as unknown as RunRecord;
  };
  const runAll = async (_: string, specs: readonly RunSpec[]) => specs.map(record);
  const perUser: Lab['perUser'] = ({ evaluations }) => {
    const { metrics } = evaluations.clean;
    return { users: ['a', 'b'], columns: Object.fromEntries(Object.entries(metrics).map(([k, x]) => [k, [x, x / 2]])) };
  };
  return {
    ...{ asked, runAll, runAlone: runAll, tryAll: runAll, perUser },
    recorded: async (specs) => specs.map(() => undefined),
    say: () => {},
  };
}

const defaultAnalysis = {
  ...{ negativeMean: 0, negativeVariance: 0.02, positiveMean: 1, positiveVariance: 0.01 },
  ...{ effectiveShare: 0.5, radius: 0.25, predictedTau: 0.2 },
  weightQuantiles: [
    { quantile: 0.5, weight: 1 },
    { quantile: 1, weight: 3 },
  ],
};

/** What an experiment finds in made-up runs. */
export async function findingsOf(experiment: Experiment, lab: Lab, config: ExperimentConfig = {}) {
  const data = ['films', 'books'].map((name) => ({ name, train: 'train.csv', test: 'test.csv' }));
  const settings = await experimentSettings({ data, ...config }, experiment.defaults);
  const { claims, sections } = await experiment.run(lab, settings);
  const report: Pick<Report, 'name' | 'sections'> = { name: experiment.name, sections };
  const of = (part: RegExp): ClaimVerdict => {
    const found = claims.filter(({ claim }) => part.test(claim));
    if (found.length !== 1) throw new Error(`${found.length} claims match ${part}`);
    return found[0]!;
  };
  return {
    claims,
    sections,
    report,
    verdict: (part: RegExp) => of(part).verdict,
    evidence: (part: RegExp) => of(part).evidence,
  };
}
