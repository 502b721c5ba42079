import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { loadDataset, openModel, readInteractions, train } from '../../src/index.ts';
import { commandText, configText, programText, reproductionOf } from '../../src/studio/page/compare/reproduce.ts';
import { configOf } from '../../src/studio/page/train/options.ts';
import { fieldsOf } from '../../src/studio/page/train/schema-fields.ts';
import type { RunInfo, Source } from '../../src/studio/session.ts';
import { summarize } from '../../src/studio/workbench/data-summary.ts';
import { trainConfigJsonSchema } from '../../src/training/config-json-schema.ts';

const shell = promisify(execFile);
const dist = join(import.meta.dirname, '../../dist');
const folder = mkdtempSync(join(tmpdir(), 'taurec-reproduce-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// A name that a shell must be kept from reading.
const name = "it's my log; $(x).csv";
const rows = Array.from(
  { length: 600 },
  (_, i) => `${(i * 7) % 41};i${(i * i) % 29};${1 + (i % 5)};${1_600_000_000 + i * 977}`,
);
writeFileSync(join(folder, name), `who;what;stars;when\n${rows.join('\n')}\n`);
const sources: Source[] = [{ id: 'file:1', name, kind: 'file' }];

const run: RunInfo = {
  ...{ id: 'r1', name: 'My run', state: 'done', epoch: 3, epochs: 3, history: [], opened: 0 },
  engine: { name: 'wasm', build: 'simd', threads: 1 },
  config: {
    loss: { name: 'sl', options: { tau: 0.2 } },
    dimension: 8,
    epochs: 3,
    seed: 5,
    aim: 'discovery',
    batch: { negatives: 20 },
  },
  request: {
    ...{ train: 'file:1', user: 'who', item: 'what', rating: 'stars', time: false, minRating: 2 },
    ...{ kCore: { users: 2, items: 1 }, split: 'random', testRatio: 0.3, validRatio: 0.1, seed: 9 },
  },
};
const reproduction = reproductionOf(run, sources);

/** The embeddings of a run as the session trains it. */
async function original() {
  const data = await loadDataset({ ...run.request!, train: join(folder, name) });
  const { result } = await train(data, { ...run.config, build: 'simd' });
  return [...result.users.data, ...result.items.data];
}

async function saved(path: string) {
  const { users, items } = await openModel(join(folder, path));
  return [...users.data, ...items.data];
}

test('each text makes the model of the run again, to the last bit', async () => {
  const wanted = await original();
  expect(new Set(wanted).size).toBeGreaterThan(100);

  const taurec = `taurec() { '${process.execPath}' '${join(dist, 'programs/taurec.js')}' "$@"; }`;
  await shell('sh', ['-c', `${taurec}; ${commandText(reproduction)} --quiet`], { cwd: folder });
  expect(await saved('models/my-run')).toEqual(wanted);
  rmSync(join(folder, 'models'), { recursive: true });

  writeFileSync(join(folder, 'again.json'), configText(reproduction));
  await shell('sh', ['-c', `${taurec}; taurec train --config again.json --quiet`], { cwd: folder });
  expect(await saved('models/my-run')).toEqual(wanted);
  rmSync(join(folder, 'models'), { recursive: true });

  const program = programText(reproduction).replace("'taurec'", JSON.stringify(pathToFileURL(join(dist, 'index.js'))));
  writeFileSync(join(folder, 'again.mjs'), program);
  await shell(process.execPath, ['again.mjs'], { cwd: folder });
  expect(await saved('models/my-run')).toEqual(wanted);
});

test('a run of the form as it begins is a bare training over the same data, and its command makes it again', async () => {
  const log = 'many.csv';
  const pairs = Array.from({ length: 2400 }, (_, i) => `u${i % 150},i${(i * i + Math.floor(i / 150)) % 37}`);
  writeFileSync(join(folder, log), `user,item\n${pairs.join('\n')}\n`);
  const request = { split: 'random', testRatio: 0.2, validRatio: 0.1 } as const;
  const data = await loadDataset({ ...request, train: join(folder, log) });
  const { objective } = summarize({ ...request, train: log }, await readInteractions(join(folder, log)), data, []);
  const form = fieldsOf(trainConfigJsonSchema() as never, objective);
  const config = configOf({ dimension: 8, epochs: 3 }, form);
  expect(config).toEqual({ ...objective, dimension: 8, epochs: 3 });
  expect(objective.popularityPrior).toBe('auto');
  const { result } = await train(data, { ...config, build: 'simd' });
  const wanted = [...result.users.data, ...result.items.data];

  const taurec = `taurec() { '${process.execPath}' '${join(dist, 'programs/taurec.js')}' "$@"; }`;
  const bare = `taurec train ${log} --split random --valid-ratio 0.1 --data-seed 0 --dimension 8 --epochs 3 --build simd --out bare --quiet`;
  await shell('sh', ['-c', `${taurec}; ${bare}`], { cwd: folder });
  expect(await saved('bare')).toEqual(wanted);

  const own: RunInfo = { ...run, name: 'begun', config, request: { ...request, train: 'file:2' } };
  const repeated = commandText(reproductionOf(own, [{ id: 'file:2', name: log, kind: 'file' }]));
  await shell('sh', ['-c', `${taurec}; ${repeated} --quiet`], { cwd: folder });
  expect(await saved('models/begun')).toEqual(wanted);
});

test('a model whose data are not known names a file to replace', () => {
  const { request: _, ...opened } = run;
  const { data } = reproductionOf(opened, []);
  expect(data).toEqual({ train: 'interactions.csv' });
});

test('the arithmetic is that of the run, wherever it was', () => {
  const [plain, fused] = (['simd', 'simd-fma'] as const).map((build) =>
    reproductionOf({ ...run, engine: { name: 'wasm', build, threads: 2 } }, sources),
  );
  expect([plain!.config.build, fused!.config.build]).toEqual(['simd', 'simd-fma']);
  const { engine: _, ...early } = run;
  expect(reproductionOf(early, sources).config).not.toHaveProperty('build');
});

test('files of samples have the names that the studio gives them', () => {
  const sample = { ...run, request: { train: 'sample:toy', catalogue: 'sample:toy:items' } };
  expect(reproductionOf(sample, []).data).toEqual({ train: 'toy.csv', catalogue: 'toy-items.csv' });
});
