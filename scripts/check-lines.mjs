/** Fails if a file of src/ has more than 400 lines: a file holds one concept. Kernels are not checked. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const limit = 400;
const source = join(import.meta.dirname, '../src');

for (const name of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
  if (!/\.tsx?$/.test(name)) continue;
  const lines = readFileSync(join(source, name), 'utf8').split('\n').length - 1;
  if (lines <= limit) continue;
  console.error(`src/${name}: ${lines} lines, the limit is ${limit}. Move its second concept to a new file.`);
  process.exitCode = 1;
}
