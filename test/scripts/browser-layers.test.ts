import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const repository = join(import.meta.dirname, '../..');

test('what needs Node is caught wherever a browser would reach it, and nowhere else', () => {
  const folder = mkdtempSync(join(tmpdir(), 'taurec-browser-layers-'));
  const files: Record<string, string> = {
    'package.json': JSON.stringify({
      type: 'module',
      imports: { '#swapped': { browser: './dist/fetches.js', default: './dist/reads.js' } },
    }),
    'dist/browser.js': "import '#swapped';\nimport './a.js';\nimport 'helper';",
    'dist/a.js': "export const later = () => import('./b.js');",
    'dist/b.js': "import 'commander';",
    'dist/fetches.js': '',
    'dist/reads.js': "import 'node:fs';",
    'node_modules/helper/package.json': JSON.stringify({ main: 'index.js' }),
    'node_modules/helper/index.js': "require('path');",
    'node_modules/commander/index.js': '',
  };
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const program = join(repository, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
    const config = join(repository, 'scripts/browser-layers.mjs');
    const args = [program, '--config', config, '--output-type', 'json', 'dist/browser.js'];
    const report = JSON.parse(execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' }));
    type Violation = { from: string; to: string; rule: { name: string } };
    const found = report.summary.violations.map((v: Violation) => `${v.rule.name}: ${v.from} → ${v.to}`);
    expect(found.sort()).toEqual([
      'node-in-browser: node_modules/helper/index.js → path',
      'node-package-in-browser: dist/b.js → node_modules/commander/index.js',
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
