import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** A small tree with every kind of wrong import, and right ones beside them. */
const files: Record<string, string> = {
  'errors.ts': 'export const e = 1;',
  'array/csr.ts': "import '../errors.ts';\nexport type Csr = number;",
  'data/read.ts': "import '../array/csr.ts';\nimport './split/split.ts';",
  'data/split/split.ts': "import '../read.ts';", // cycle
  'data/formats/table.ts': "import '@duckdb/node-api';", // a package that needs Node
  'loss/sl.ts': "import '../array/csr.ts';\nimport type { Batch } from '../sampler/batch.ts';\nexport type L = Batch;", // upwards, by type
  'optimizer/adam.ts': "import '../loss/sl.ts';", // sideways
  'sampler/batch.ts': "import 'node:fs';\nexport type Batch = number;", // Node in the core
  'engine/open-engine.ts': "import './wasm/wasm-engine.ts';\nimport './reference/reference-engine.ts';",
  'engine/wasm/wasm-engine.ts': "import '../reference/reference-engine.ts';", // one engine knows another
  'engine/reference/reference-engine.ts': "import '../../loss/sl.ts';",
  'recommender/recommender.ts': "import '../training/train-embeddings.ts';", // what serves reaches training
  'training/train-embeddings.ts': "import '../engine/wasm/wasm-engine.ts';", // past the contract
  'cli/main.ts': "import 'node:fs';\nimport '../training/train-embeddings.ts';",
  'attic/old.ts': "import '../errors.ts';", // a room nobody named
};

const repository = join(import.meta.dirname, '../..');
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'taurec-layers-'));
  const driver = join(folder, 'node_modules/@duckdb/node-api');
  mkdirSync(driver, { recursive: true });
  writeFileSync(join(driver, 'index.js'), '');
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, 'src', name)), { recursive: true });
    writeFileSync(join(folder, 'src', name), text);
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('each wrong import is caught, and no right one', () => {
  const program = join(repository, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const config = join(repository, 'scripts/layers.mjs');
  const args = [program, '--config', config, '--output-type', 'json', 'src'];
  const report = JSON.parse(
    execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 24 }),
  );

  const found = report.summary.violations.map(
    (violation: { from: string; to: string; rule: { name: string } }) =>
      `${violation.rule.name}: ${violation.from} → ${violation.to}`,
  );
  expect(new Set(found)).toEqual(
    new Set([
      'cycle: src/data/read.ts → src/data/split/split.ts',
      'loss-imports: src/loss/sl.ts → src/sampler/batch.ts',
      'optimizer-imports: src/optimizer/adam.ts → src/loss/sl.ts',
      'node-in-core: src/sampler/batch.ts → fs',
      'node-package-in-core: src/data/formats/table.ts → node_modules/@duckdb/node-api/index.js',
      'engines-apart: src/engine/wasm/wasm-engine.ts → src/engine/reference/reference-engine.ts',
      'recommender-imports: src/recommender/recommender.ts → src/training/train-embeddings.ts',
      'engine-known: src/training/train-embeddings.ts → src/engine/wasm/wasm-engine.ts',
      'unknown-room: src/attic/old.ts → src/errors.ts',
    ]),
  );
});
