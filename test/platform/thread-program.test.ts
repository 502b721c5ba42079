import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { threadProgram } from '../../src/platform/thread-program.ts';

const root = join(import.meta.dirname, '../..');
const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readFileSync(join(root, 'src', name), 'utf8'));
const programs = sources.flatMap((text) => [...text.matchAll(/threadProgram\('([^']+)'/g)].map(([, name]) => name!));

test('the programs of training, engine and server are started through threadProgram', () => {
  expect(programs.sort()).toEqual([
    'engine/wasm/crew-worker',
    'server/scoring-worker',
    'training/thread/coordinator-worker',
  ]);
});

describe.each(programs)('%s', (program) => {
  const bundle = fileURLToPath(threadProgram(program));
  const plain = fileURLToPath(threadProgram(program, { loss: { module: './my-loss.js' } }));

  test('has a bundle, which loads no module of the rooms', () => {
    expect(existsSync(bundle)).toBe(true);
    const imported = [...readFileSync(bundle, 'utf8').matchAll(/(?:from|import)\s*\(?"([^"]+)"/g)].map(([, to]) => to!);
    expect(imported.filter((to) => !/^(node:|\.\/shared-)/.test(to))).toEqual([]);
  });

  test('runs as its modules when an option names a module, at any depth', () => {
    expect(existsSync(plain)).toBe(true);
    expect(plain.endsWith(`${program}.js`)).toBe(true);
    expect(threadProgram(program, { batch: { pool: { module: './pool.js' } } })).toEqual(
      threadProgram(program, { module: 'a-package' }),
    );
    expect(threadProgram(program, { loss: { name: 'bsl', options: { tau: null } } })).toEqual(threadProgram(program));
  });
});
