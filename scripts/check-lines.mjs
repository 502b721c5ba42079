/** Fails when a source file has more than 400 lines: a file holds one concept. Kernels are not looked at. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const limit = 400;
const source = join(import.meta.dirname, '../src');

for (const name of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
  if (!name.endsWith('.ts')) continue;
  const lines = readFileSync(join(source, name), 'utf8').split('\n').length - 1;
  if (lines <= limit) continue;
  console.error(
    `src/${name}: ${lines} lines, at most ${limit} are allowed; give its second concept a file of its own.`,
  );
  process.exitCode = 1;
}
