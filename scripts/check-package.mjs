/** Packs, installs the tarball in an empty folder as a user would, and tries the command and the library there. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'taurec-package-'));

/** @param {string} cwd @param {string} program @param {string[]} args */
const run = (cwd, program, ...args) =>
  execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();

try {
  const [packed] = JSON.parse(run(root, 'npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', folder));
  /** @type {string[]} */
  const names = packed.files.map((/** @type {{ path: string }} */ file) => file.path);
  const needed = [
    ...['dist/cli/main.js', 'dist/index.js', 'dist/index.d.ts'],
    ...['dist/engine/wasm/kernels-simd.wasm', 'dist/engine/wasm/kernels-fma.wasm'],
    ...['README.md', 'LICENSE', 'CHANGELOG.md'],
  ];
  const missing = needed.filter((name) => !names.includes(name));
  const foreign = names.filter(
    (name) => !/^(dist|src)\/.*\.(js|js\.map|ts|wasm)$|^[^/]+\.(md|json)$|^LICENSE$/.test(name),
  );
  if (missing.length > 0) throw new Error(`The package lacks ${missing.join(', ')}.`);
  if (foreign.length > 0) throw new Error(`The package should not hold ${foreign.join(', ')}.`);

  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}');
  run(folder, 'npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', packed.filename);
  const version = run(folder, 'npx', '--no-install', 'taurec', '--version');
  if (version !== packed.version) throw new Error(`taurec --version printed ${version}, expected ${packed.version}.`);
  const exported = run(
    folder,
    process.execPath,
    '-e',
    "import('taurec').then((t) => console.log(Object.keys(t).length))",
  );
  console.log(
    `package: ${names.length} files, ${packed.unpackedSize} bytes; taurec ${version}; ${exported} exported names`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
