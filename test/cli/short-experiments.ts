import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { experiments } from '../../src/experiment/experiments.ts';
import { tinyDataSet } from '../support/tiny-data-set.ts';
import { file, folder, json, taurec } from './taurec.ts';

tinyDataSet(folder);
tinyDataSet(folder, 'tiny-popularity', 4);
/** Arguments that keep every experiment small. */
export const small = ['--data', './tiny', '--epochs', '2', '--seeds', '1,2', '--jobs', '2'];

/** Losses with two values of each option that validation chooses: every value is a training more, and its thread takes longer than it. */
const losses: Record<string, object> = {
  sl: { name: 'sl', tau: [0.1, 0.2] },
  bsl: { name: 'bsl', tau: [0.1, 0.2], tau1: [1, 4] },
  dsl: { name: 'dsl', tau: [0.1, 0.2] },
  bpr: { name: 'bpr', config: { decoupledWeightDecay: [0.3, 1] } },
  mse: { name: 'mse', config: { decoupledWeightDecay: [0.3, 1] } },
};
/** A settings file with these losses. */
function of(...names: string[]): string[] {
  const settings = { losses: names.map((name) => losses[name]) };
  return ['--config', file(`${names.join('-')}.json`, JSON.stringify(settings))];
}

/** Levels and losses that keep each experiment short. */
const short: Record<string, string[]> = {
  losses: of('sl', 'bsl', 'dsl', 'bpr'),
  'positive-noise': [...of('sl', 'bsl'), '--levels', '0,0.4'],
  'negative-noise': [...of('sl', 'bpr', 'dsl'), '--levels', '0,5'],
  'false-negatives': [...of('sl', 'mse'), '--levels', '0,0.2'],
  'popularity-shift': of('sl', 'bpr'),
  'temporal-shift': of('sl', 'bpr'),
  fairness: of('sl', 'bpr'),
  'popularity-dial': [...of('sl'), '--data', './tiny,./tiny-popularity', '--levels', '0.8,1,1.2'],
  temperature: ['--levels', '0.1,0.2,0.4', '--data', './tiny,./tiny-popularity'],
  batches: ['--levels', '8,16', '--seeds', '1'],
  negatives: [...of('sl', 'bpr'), '--levels', '8,16'],
  'published-tables': ['--losses', 'sl,bpr'],
  papers: ['--parts', 'tables,fairness', '--losses', 'sl,bpr'],
};

/** Experiments of the quick suite; the slow suite runs the others. */
const quick = ['fairness'];

/** Runs each experiment of a suite twice. */
export function experimentsOf(suite: 'quick' | 'slow'): void {
  test.each(experiments.map(({ name }) => name).filter((name) => quick.includes(name) === (suite === 'quick')))(
    '%s: claims, report, tables; the second time nothing is trained',
    async (name) => {
      const args = ['experiment', name, ...small, ...short[name]!, '--out', `out/${name}`];
      const first = await json(...args);
      expect(first.experiment).toBe(name);
      expect(first.claims.length).toBeGreaterThan(0);
      for (const { claim, verdict, evidence } of first.claims) {
        expect(claim).toMatch(/\.$/);
        expect(['held', 'not held', 'unclear']).toContain(verdict);
        expect(evidence).toMatch(/\d/);
        expect(evidence).not.toMatch(/NaN|undefined/);
      }
      const page = readFileSync(join(folder, first.files.html), 'utf8');
      expect(page).toContain('<svg');
      expect(page).not.toMatch(/NaN|undefined/);
      expect(JSON.parse(readFileSync(join(folder, first.files.json), 'utf8')).provenance.command).toBe(
        `npx taurec ${args.join(' ')} --json`,
      );
      for (const path of [first.files.json, ...first.files.csv]) {
        expect(readFileSync(join(folder, path), 'utf8')).not.toMatch(/NaN|undefined/);
      }
      const { stderr } = await taurec(...args);
      // Nothing but the columns, two files for each data set.
      const read = Object.values<Record<string, object>>(first.columns);
      expect(read.length).toBe(args.some((arg) => arg.includes('tiny-popularity')) ? 2 : 1);
      for (const { columns, testColumns } of read) {
        expect(columns).toMatchObject({ user: { name: 'user', position: 1 }, item: { name: 'item', position: 2 } });
        expect(testColumns).toEqual(columns);
      }
      expect(stderr).toMatch(
        new RegExp(`^(Columns of .*: user = "user" \\(1\\), item = "item" \\(2\\); .*\n){${2 * read.length}}$`),
      );
      const runs = readFileSync(join(folder, 'out', name, 'runs.jsonl'), 'utf8')
        .trimEnd()
        .split('\n');
      expect(runs).toHaveLength(first.runs);
    },
  );
}
