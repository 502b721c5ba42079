/**
 * Builds dist/: the kernels from kernels/, then src/ with tsc, then the additions of tidy-dist.mjs, bundle-programs.mjs and build-studio.mjs. Does nothing if dist/ is the unchanged result of the same inputs, so that
 * `npm install-test`, `npm run check` and `npm pack` build once. dist/build.hash is the SHA-256 of inputs and results.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const record = join(root, 'dist/build.hash');

/** The inputs of a build. The lock files represent the compilers and the declarations that src/ is checked against. */
const inputs = [
  'src',
  'kernels',
  'docs/losses',
  'tsconfig.json',
  'tsconfig.build.json',
  'package.json',
  'package-lock.json',
  'node_modules/.package-lock.json',
  'scripts/build.mjs',
  'scripts/build-kernels.mjs',
  'scripts/tidy-dist.mjs',
  'scripts/bundle-programs.mjs',
  'scripts/build-studio.mjs',
];

if (existsSync(record) && readFileSync(record, 'utf8') === hashOf([...inputs, 'dist'])) {
  console.log('build: unchanged');
} else {
  rmSync(record, { force: true });
  run('scripts/build-kernels.mjs');
  const before = hashOf(inputs);
  run('node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json');
  run('scripts/tidy-dist.mjs');
  run('scripts/bundle-programs.mjs');
  run('scripts/build-studio.mjs');
  // If a file was edited during the build, dist/ may hold its old version: without a record, the next call builds again.
  if (hashOf(inputs) === before) writeFileSync(record, hashOf([...inputs, 'dist']));
}

/**
 * SHA-256 over the names and contents of files, and of all files in folders. A missing path has a hash too, that of no files. Files named .hash are records of builds and do not count.
 * @param {string[]} paths relative to the root
 */
function hashOf(paths) {
  const digest = createHash('sha256');
  for (const path of paths) {
    const whole = join(root, path);
    const names = !existsSync(whole)
      ? []
      : statSync(whole).isDirectory()
        ? readdirSync(whole, { recursive: true, encoding: 'utf8' })
            .map((name) => join(path, name))
            .filter((name) => !name.endsWith('.hash') && statSync(join(root, name)).isFile())
            .sort()
        : [path];
    digest.update(`\0${path}\0${names.length}`);
    for (const name of names) {
      const content = readFileSync(join(root, name));
      digest.update(`\0${name}\0${content.length}\0`).update(content);
    }
  }
  return digest.digest('hex');
}

/**
 * Runs a Node program in the root. If it fails, it has printed its messages, and this function ends the build.
 * @param {string} program
 * @param {string[]} args
 */
function run(program, ...args) {
  const { status } = spawnSync(process.execPath, [join(root, program), ...args], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
