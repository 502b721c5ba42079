import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

test('the program: as an object and as a module it is one and the same model', async () => {
  const { TAUREC_DATA: _, ...env } = process.env;
  const program = [join(root, 'node_modules/jiti/lib/jiti-cli.mjs'), 'examples/custom-loss/main.ts'];
  const { stdout } = await promisify(execFile)(process.execPath, program, { cwd: root, env });
  const results = [...stdout.matchAll(/^(.+): NDCG@20 (\d\.\d+) \(epoch (\d+), threads: \d+\)$/gm)];
  expect(results.map(([, name]) => name)).toEqual([
    'softmax loss',
    'custom loss, as an object',
    'custom loss, as a module',
  ]);
  const [, object, module] = results.map(([, , ndcg, epoch]) => [ndcg, epoch]);
  expect(module).toEqual(object);
  expect(Number(module![0])).toBeGreaterThan(0.15);
});
