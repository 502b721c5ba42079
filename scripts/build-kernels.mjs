/**
 * Compiles kernels/index.ts twice, to dist/engine/wasm/kernels-simd.wasm (128-bit SIMD, runs everywhere) and kernels-fma.wasm (relaxed SIMD: fused multiply-add).
 * Beside each stands the same as a JavaScript module (kernels-simd.js), which is what a bundle for the browser holds.
 * Does nothing when neither the sources, the flags nor the compiler have changed since the last build.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const root = join(import.meta.dirname, '..');
const compiler = join(root, 'node_modules/assemblyscript');
const sources = join(root, 'kernels');
const output = join(root, 'dist/engine/wasm');
const hashFile = join(output, 'kernels.hash');

/** One page at first: the engine brings the memory, sized from its plan; 65,536 pages are the 4 GiB that 32-bit WebAssembly can address. */
const flags =
  '--runtime stub --importMemory --sharedMemory --initialMemory 1 --maximumMemory 65536 -O3 --noAssert --converge';
const builds = [
  { name: 'kernels-simd.wasm', features: 'simd,threads,bulk-memory' },
  { name: 'kernels-fma.wasm', features: 'simd,threads,bulk-memory,relaxed-simd' },
];

const hash = hashOfInputs();
const upToDate =
  builds.every(({ name }) => [name, name.replace(/\.wasm$/, '.js')].every((file) => existsSync(join(output, file)))) &&
  existsSync(hashFile) &&
  readFileSync(hashFile, 'utf8') === hash;
if (upToDate) {
  console.log('kernels: unchanged');
} else {
  mkdirSync(output, { recursive: true });
  rmSync(hashFile, { force: true });
  for (const build of builds) compile(build.name, build.features);
  writeFileSync(hashFile, hash);
}

/** SHA-256 over every kernel source (name and content), this program with its flags, and the compiler's version. */
function hashOfInputs() {
  const digest = createHash('sha256');
  const names = readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(ts|json)$/.test(name));
  for (const file of [import.meta.filename, join(compiler, 'package.json')]) digest.update(readFileSync(file));
  for (const name of names.sort()) digest.update(`\0${name}\0`).update(readFileSync(join(sources, name)));
  return digest.digest('hex');
}

/**
 * Writes dist/engine/wasm/`name`; ends the program when the compiler, which prints its own messages, fails.
 * @param {string} name
 * @param {string} features comma-separated WebAssembly features
 */
function compile(name, features) {
  const target = join(output, name);
  const temporary = `${target}.${process.pid}.tmp`;
  const started = performance.now();
  const enable = features.split(',').flatMap((feature) => ['--enable', feature]);
  const paths = [join('kernels', 'index.ts'), '--baseDir', root, '--outFile', relative(root, temporary)];
  const args = [join(compiler, 'bin/asc.js'), ...paths, ...flags.split(' '), ...enable];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) {
    rmSync(temporary, { force: true });
    console.error(`kernels: ${name} failed`);
    process.exit(1);
  }
  const text = readFileSync(temporary).toString('base64');
  writeFileSync(target.replace(/\.wasm$/, '.js'), `export const base64 = '${text}';\n`);
  renameSync(temporary, target);
  console.log(
    `kernels: ${name}, ${statSync(target).size} bytes, ${((performance.now() - started) / 1000).toFixed(1)} s`,
  );
}
