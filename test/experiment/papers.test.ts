import { expect, test } from 'vitest';
import { parts } from '../../src/experiment/experiments/papers-parts.ts';
import { experimentNamed } from '../../src/experiment/experiments.ts';
import { planRuns } from '../../src/experiment/plan-runs.ts';
import { experimentSettings } from '../../src/experiment/read-settings.ts';
import type { RunRecord, RunSpec } from '../../src/experiment/run.ts';
import { checkReport, type Report } from '../../src/report/report.ts';
import { rejectionOf } from '../support/error-of.ts';
import { findingsOf, madeUpLab } from '../support/made-up-lab.ts';

const papers = experimentNamed('papers');
const named = (name: string) => ({ name, train: 'train.csv', test: 'test.csv' });
const all = () => madeUpLab(() => ({}));

/** A laboratory with a store: a run that was done is not done again. */
function storingLab(store: Map<string, RunRecord>) {
  const lab = all();
  const key = (spec: RunSpec) => JSON.stringify(spec);
  const said: string[] = [];
  const trained: string[] = [];
  const runAll = async (title: string, specs: readonly RunSpec[]) => {
    const records = await lab.runAll(title, specs);
    for (const [at, spec] of specs.entries()) {
      if (store.has(key(spec))) continue;
      store.set(key(spec), records[at]!);
      trained.push(key(spec));
    }
    return records;
  };
  const recorded = async (specs: readonly RunSpec[]) => specs.map((spec) => store.get(key(spec)));
  const say = (text: string) => void said.push(text);
  return { ...lab, runAll, tryAll: runAll, runAlone: runAll, recorded, say, said, trained };
}

test('parts have distinct names, and settings that are valid on each of their data sets', async () => {
  expect(new Set(parts.map(({ name }) => name)).size).toBe(parts.length);
  for (const { experiment, data, settings } of parts) {
    for (const name of data) {
      const found = await experimentSettings({}, { ...experiment.defaults, ...settings(name), data: [named(name)] });
      expect(found.losses.length).toBeGreaterThan(0);
    }
  }
});

test('one report with the parts on each data set; names are distinct; each claim names its paper and verdict once', async () => {
  const data = ['ultragcn-movielens-1m', 'amazon2014-health', 'amazon2014-cd-popularity', 'mine'].map(named);
  const { claims, sections, report } = await findingsOf(papers, all(), { data });
  expect(() => checkReport(report as Report)).not.toThrow();
  expect(JSON.stringify(sections)).not.toMatch(/NaN|undefined/);
  expect(sections[0]!.tables![0]!.name).toBe('claims');
  const rows = sections[0]!.tables![0]!.rows;
  expect(new Set(rows.map(([claim]) => claim))).toEqual(new Set(claims.map(({ claim }) => claim)));
  expect(new Set(claims.map(({ claim }) => claim)).size).toBe(claims.length);
  // a data set that no part names is used by all
  for (const { title } of parts) expect(sections.some((one) => one.title.startsWith(`${title}, mine`))).toBe(true);
  const of = (set: string) =>
    new Set(rows.filter(([, , name]) => name === set).map(([claim]) => String(claim).split(':')[0]));
  expect([...of('amazon2014-health')]).toEqual(['False positives']);
  expect([...of('amazon2014-cd-popularity')]).toEqual(['Published tables']);
  for (const set of ['Positive noise', 'Number of negatives', 'λ']) expect(of('ultragcn-movielens-1m')).toContain(set);
});

test('a claim that does not hold on one data set is not held, and the evidence has both verdicts', async () => {
  const lab = madeUpLab(({ loss, data }) => ({
    test: loss === 'bpr' && data === 'yelp2018' ? 2 : loss === 'bpr' ? 0.5 : 1,
  }));
  const data = ['yelp2018', 'ultragcn-movielens-1m'].map(named);
  const { verdict, evidence } = await findingsOf(papers, lab, { data, parts: ['tables'], seeds: [1, 2, 3] });
  expect(verdict(/SL is more accurate than BPR/)).toBe('not held');
  expect(evidence(/SL is more accurate than BPR/)).toMatch(/^not held: yelp2018.*; held: ultragcn/);
});

test('a loss given by its label keeps the options of the part', async () => {
  const lab = madeUpLab(({ options }) => ({ valid: -Math.abs(options.tau! - 0.2) }));
  const data = [named('ultragcn-movielens-1m')];
  await findingsOf(papers, lab, { data, parts: ['positive-noise'], losses: ['sl'], levels: [0, 0.4] });
  const taus = lab.asked.map(({ config }) => (config.loss as { options: { tau: number } }).options.tau);
  expect(new Set(taus)).toEqual(new Set([0.17, 0.2, 0.24]));
});

test('training options that are given are merged over those of the part', async () => {
  const lab = all();
  const data = [named('amazon2014-cd-popularity')];
  await findingsOf(papers, lab, { data, parts: ['tables'], config: { epochs: 2, validation: { every: 1 } } });
  for (const { config } of lab.asked)
    expect(config).toMatchObject({ aim: 'discovery', epochs: 2, validation: { every: 1, patience: 10 } });
});

test('levels are those of a single part, and limit those of several', async () => {
  const data = [named('ultragcn-movielens-1m')];
  const noises = async (parts: string[], levels: number[]) => {
    const lab = all();
    await findingsOf(papers, lab, { data, parts, levels, losses: ['sl'] });
    const found = lab.asked.map(({ noise = {} }) => JSON.stringify(noise));
    return [...new Set(found)].sort();
  };
  expect(await noises(['positive-noise'], [0, 0.3])).toEqual(['{"positive":0.3}', '{}']);
  expect(await noises(['positive-noise', 'negative-noise'], [0.4, 0.3, 10])).toEqual([
    '{"negative":10}',
    '{"positive":0.4}',
  ]);
  expect(await noises(['positive-noise', 'negative-noise'], [0.4])).toHaveLength(5);
});

test('a start after the end trains nothing; before it the plan counts what is left', async () => {
  const store = new Map<string, RunRecord>();
  const config = { data: [named('ultragcn-movielens-1m')], parts: ['tables', 'positive-noise', 'negatives'] };
  const first = storingLab(store);
  await findingsOf(papers, first, config);
  expect(first.said).toHaveLength(1);
  const planned = Number(/At least (\d+)/.exec(first.said[0]!)![1]);
  expect(planned).toBeGreaterThan(0);
  expect(planned).toBeLessThanOrEqual(first.trained.length);
  const second = storingLab(store);
  await findingsOf(papers, second, config);
  expect(second.trained).toEqual([]);
  expect(second.said).toEqual([]);
});

test('a plan counts each run once, and none that is recorded', async () => {
  const { experiment, settings } = parts.find(({ name }) => name === 'temperature')!;
  const given = {
    ...experiment.defaults,
    ...settings('x'),
    data: [named('x')],
    seeds: [1, 2],
    levels: [0.1, 0.2, 0.4],
  };
  const complete = await experimentSettings({}, given);
  const store = new Map<string, RunRecord>();
  const lab = storingLab(store);
  const counted = new Set<string>();
  expect(await planRuns(lab, experiment, complete, counted)).toBe(6);
  expect(await planRuns(lab, experiment, complete, counted)).toBe(0);
  expect(lab.trained).toEqual([]);
  const fewer = await experimentSettings({}, { ...given, levels: [0.1, 0.2] });
  await experiment.run(lab, fewer);
  expect(await planRuns(lab, experiment, complete, new Set())).toBe(2);
});

test('only an experiment with parts takes them', async () => {
  const settings = (parts: string[], name: string) =>
    experimentSettings({ parts, data: [named('x')] }, experimentNamed(name).defaults);
  expect((await rejectionOf(settings(['tables'], 'losses'))).message).toMatch(/parts: got "tables".*no parts/);
  expect((await rejectionOf(settings(['table'], 'papers'))).message).toMatch(/Unknown part "table"; known: tables/);
});
