import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { logExpectationExp } from '../../src/loss/log-expectation-exp.ts';
import { MarginSoftmaxLoss } from './margin-softmax-loss.ts';
import { rankBiasedPrecision } from './rank-biased-precision.ts';

const root = join(import.meta.dirname, '../..');

test('derivatives of the loss equal differences of its value', () => {
  const loss = new MarginSoftmaxLoss({ tau: 0.3, margin: 0.4 });
  const scores = {
    positives: Float64Array.of(0.9, 0.1, -0.4),
    negatives: Float64Array.of(0.5, -0.3, 0.2),
    negativeWeights: Float64Array.of(1, 2, 0),
  };
  const run = (row: typeof scores) => {
    const gradients = { positives: new Float64Array(3), negatives: new Float64Array(3) };
    const context = { user: 0, positiveItems: new Int32Array(3), poolItems: new Int32Array(3), logExpectationExp };
    return { value: loss.evaluate(row, gradients, context), gradients };
  };
  const { gradients } = run(scores);
  for (const side of ['positives', 'negatives'] as const) {
    for (let e = 0; e < 3; e++) {
      const at = (shift: number) =>
        run({ ...scores, [side]: scores[side].map((s, i) => (i === e ? s + shift : s)) }).value;
      expect(gradients[side][e]).toBeCloseTo((at(1e-6) - at(-1e-6)) / 2e-6, 7);
    }
  }
  // The first positive lies more than the margin above the negatives: nothing is left to learn from it.
  expect(gradients.positives[0]).toBe(0);
});

test('the metric', () => {
  expect(rankBiasedPrecision([0, 2], 5)).toBeCloseTo(0.1 * (1 + 0.81), 12);
});

test('the program: the loss and the metric stand in the report of two data sets', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'taurec-example-'));
  try {
    const { TAUREC_DATA: _, ...env } = process.env;
    const program = [join(root, 'node_modules/jiti/lib/jiti-cli.mjs'), 'examples/compare-losses/main.ts', folder];
    const { stdout } = await promisify(execFile)(process.execPath, program, { cwd: root, env });
    expect(stdout).toMatch(
      /(held|failed|unclear): BSL is at least as accurate as SL, to within 1%\. \(films, mf: bsl \.\d{4} against sl/,
    );
    for (const name of ['films', 'books']) {
      const table = readFileSync(join(folder, `losses-${name}-mf.csv`), 'utf8').split('\n');
      expect(table[0]).toContain('rbp@20');
      const own = table.find((line) => line.startsWith('margin softmax,'))!.split(',');
      expect(own.slice(0, 3).join()).toMatch(/^margin softmax,"tau/);
      const rbp = own[table[0]!.split(',').indexOf('rbp@20') + (own.length - table[0]!.split(',').length)];
      expect(Number(rbp)).toBeGreaterThan(0);
      const ndcg = Number(own.find((cell) => /^0\.\d+/.test(cell)));
      expect(ndcg).toBeGreaterThan(0.05);
    }
    const page = readFileSync(join(folder, 'report.html'), 'utf8');
    expect(page).toContain('margin softmax');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
