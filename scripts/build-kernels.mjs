/**
 * Compiles kernels/index.ts twice, to dist/engine/wasm/kernels-simd.wasm (128-bit SIMD, runs everywhere) and kernels-fma.wasm (relaxed SIMD: fused multiply-add), each also as a
 * JavaScript module (kernels-simd.js) for browser bundles.
 *
 * Turns the declarations that the compiler writes into src/engine/wasm/kernels.ts. That file is committed (docs/decisions/045-generated-kernel-bindings.md): the build
 * fails if it differs from the kernels, and `node scripts/build-kernels.mjs --write` rewrites it.
 *
 * Does nothing if the sources, the bindings, these programs and the compiler are the same as at the last build.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { kernelBindings } from './kernel-bindings.mjs';

const root = join(import.meta.dirname, '..');
const compiler = join(root, 'node_modules/assemblyscript');
const sources = join(root, 'kernels');
const output = join(root, 'dist/engine/wasm');
const bindings = join(root, 'src/engine/wasm/kernels.ts');
const hashFile = join(output, 'kernels.hash');
const write = process.argv.includes('--write');

/** The engine provides the memory, sized from its plan, so the module asks for only one page. At most 65,536 pages: the 4 GiB that 32-bit WebAssembly can address. */
const flags =
  '--runtime stub --importMemory --sharedMemory --initialMemory 1 --maximumMemory 65536 -O3 --noAssert --converge --bindings raw';
const builds = [
  { name: 'kernels-simd', features: 'simd,threads,bulk-memory' },
  { name: 'kernels-fma', features: 'simd,threads,bulk-memory,relaxed-simd' },
];

const upToDate =
  !write &&
  builds.every(({ name }) => ['wasm', 'js'].every((end) => existsSync(join(output, `${name}.${end}`)))) &&
  existsSync(hashFile) &&
  readFileSync(hashFile, 'utf8') === hashOfInputs();
if (upToDate) {
  console.log('kernels: unchanged');
} else {
  mkdirSync(output, { recursive: true });
  rmSync(hashFile, { force: true });
  const [declarations] = builds.map(({ name, features }) => compile(name, features));
  checkBindings(kernelBindings(declarations, sources));
  writeFileSync(hashFile, hashOfInputs());
}

/** SHA-256 over every kernel source (name and content), the bindings, the programs that build them, and the compiler's version. */
function hashOfInputs() {
  const digest = createHash('sha256');
  const names = readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(ts|json)$/.test(name));
  const programs = [import.meta.filename, join(import.meta.dirname, 'kernel-bindings.mjs')];
  for (const file of [...programs, join(compiler, 'package.json'), bindings]) {
    digest.update('\0').update(existsSync(file) ? readFileSync(file) : '');
  }
  for (const name of names.sort()) digest.update(`\0${name}\0`).update(readFileSync(join(sources, name)));
  return digest.digest('hex');
}

/**
 * Writes dist/engine/wasm/`name`.wasm and .js, and returns the compiler's TypeScript declarations. If the compiler fails, it has printed its messages, and this function ends the program.
 * @param {string} name
 * @param {string} features comma-separated WebAssembly features
 */
function compile(name, features) {
  const target = join(output, `${name}.wasm`);
  // The compiler names the declarations after the .wasm file; a folder per process keeps parallel builds apart.
  const folder = join(output, `.${name}-${process.pid}`);
  const built = join(folder, `${name}.wasm`);
  const started = performance.now();
  const enable = features.split(',').flatMap((feature) => ['--enable', feature]);
  const paths = [join('kernels', 'index.ts'), '--baseDir', root, '--outFile', relative(root, built)];
  const args = [join(compiler, 'bin/asc.js'), ...paths, ...flags.split(' '), ...enable];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) {
    rmSync(folder, { recursive: true, force: true });
    console.error(`kernels: ${name}.wasm failed`);
    process.exit(1);
  }
  const text = readFileSync(built).toString('base64');
  writeFileSync(join(output, `${name}.js`), `export const base64 = '${text}';\n`);
  // renamed, not written: a program that reads the kernels meanwhile sees the old file or the new one, never half
  renameSync(built, target);
  const declarations = readFileSync(join(folder, `${name}.d.ts`), 'utf8');
  rmSync(folder, { recursive: true });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`kernels: ${name}.wasm, ${statSync(target).size} bytes, ${seconds} s`);
  return declarations;
}

/**
 * Ends the program if src/engine/wasm/kernels.ts differs from the text that the kernels require; with --write, writes that text instead.
 * @param {string} expected
 */
function checkBindings(expected) {
  if (existsSync(bindings) && readFileSync(bindings, 'utf8') === expected) return;
  const name = relative(root, bindings);
  if (write) {
    writeFileSync(bindings, expected);
    console.log(`kernels: wrote ${name}`);
    return;
  }
  console.error(`kernels: ${name} is out of date. Run: node scripts/build-kernels.mjs --write`);
  process.exit(1);
}
