import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

// Seventy short trainings: 40 seconds of one processor.
test('the program: the loss and the metric stand in the report of two data sets', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'taurec-example-'));
  try {
    const { TAUREC_DATA: _, ...env } = process.env;
    const program = [join(root, 'node_modules/jiti/lib/jiti-cli.mjs'), 'examples/compare-losses/main.ts', folder];
    const { stdout } = await promisify(execFile)(process.execPath, program, { cwd: root, env });
    expect(stdout).toMatch(
      /(held|not held|unclear): BSL is at least as accurate as SL, to within 1%\. \(films, mf: bsl \.\d{4} against sl/,
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
}, 300_000);
