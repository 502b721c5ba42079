import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readRecipes } from '../../src/cli/config-file.ts';
import { recipes } from '../../src/recipe/recipes.ts';

test('modules of a recipe file, pools and samplers included, are relative to the file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'taurec-recipe-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'mine.json');
  const module = './own.mjs';
  const config = { loss: { module }, batch: { pool: { module }, sampler: { module }, negatives: 5 } };
  writeFileSync(file, JSON.stringify({ ...recipes[0], name: 'mine', config }));
  const [read] = await readRecipes(file);
  const { loss, batch } = read!.config as unknown as {
    loss: { module: string };
    batch: Record<'pool' | 'sampler', { module: string }>;
  };
  for (const source of [loss, batch.pool, batch.sampler]) expect(resolve(source.module)).toBe(join(folder, 'own.mjs'));
});
