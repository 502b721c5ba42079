/**
 * Packs the package, installs the tarball in an empty folder as a user would, and uses it there: the command and an ESM program under this Node and under Node 22 and 24 (installed from npm; skipped with a message if
 * that fails), TypeScript in strict mode, a browser bundle, a bundled server, and an install of the clone by its folder.
 */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'taurec-package-'));
/** The major versions of Node to test besides the one that runs this program. */
const otherNodes = [22, 24];

/** @param {string} cwd @param {string} program @param {string[]} args */
const run = (cwd, program, ...args) =>
  execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();

/** A program that uses the library: trains, saves, opens, recommends. It is TypeScript only in its one type annotation. */
const program = `import { Recommender, syntheticDataset, train } from 'taurec';

const data = syntheticDataset({ users: 60, items: 40, interactions: 800 });
const model = await train(data, { dimension: 8, epochs: 3, batch: { rows: 16, negatives: 20 }, threads: 2 });
await model.save('model');
await model.close();
const recommender = await Recommender.open('model', { threads: 2 });
const list: readonly { readonly id: string; readonly score: number }[] = recommender.recommend('7', { k: 3 });
console.log(list.length);
await recommender.close();
`;

try {
  const packed = pack();
  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}');
  run(folder, 'npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', packed.filename);
  for (const optional of ['usearch', 'bullmq', 'ioredis', 'pg-boss']) {
    if (existsSync(join(folder, 'node_modules', optional))) throw new Error(`${optional} should not be installed.`);
  }
  console.log(`package: installed, ${installedSize()}`);
  checkTypes();
  console.log('package: types are correct in strict TypeScript, nodenext and bundler');
  console.log(`package: ${await bundle()} bytes for browsers`);
  for (const node of [process.execPath, ...otherNodes.map(installNode)]) if (node) tryWith(node, packed.version);
  await checkServerBundle();
  checkFolderInstall();
  console.log(`package: ${packed.files.length} files, ${packed.unpackedSize} bytes`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Packs, and checks that every needed file is in the package and no other. @returns {{ filename: string, version: string, unpackedSize: number, files: { path: string }[] }} */
function pack() {
  const [packed] = JSON.parse(run(root, 'npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', folder));
  /** @type {string[]} */
  const names = packed.files.map((/** @type {{ path: string }} */ file) => file.path);
  const { exports, imports, bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const needed = [
    ...[exports, imports, bin].flatMap(targets),
    ...['dist/engine/wasm/kernels-simd.wasm', 'dist/engine/wasm/kernels-fma.wasm'],
    'dist/server/rapidoc-min.js',
    'dist/programs/coordinator-worker.js',
    'dist/studio/site/index.html',
    'dist/browser/isolation-worker.js',
    'dist/studio/server/workbench-worker.js',
    ...['README.md', 'LICENSE', 'CHANGELOG.md'],
  ];
  const missing = needed.filter((name) => !names.includes(name));
  const foreign = names.filter(
    (name) =>
      !/^(dist|src)\/.*\.(js|js\.map|ts|wasm)$|^[^/]+\.(md|json)$|^dist\/(server\/rapidoc-min\.js\.|programs\/|browser\/)LICENSE\.txt$|^dist\/studio\/site\/.*\.(html|css|txt)$|^LICENSE$/.test(
        name,
      ),
  );
  if (missing.length > 0) throw new Error(`The package lacks ${missing.join(', ')}.`);
  if (foreign.length > 0) throw new Error(`The package should not contain ${foreign.join(', ')}.`);
  return packed;
}

/** All files that a part of package.json names, at any depth. @param {unknown} part @returns {string[]} */
function targets(part) {
  if (typeof part === 'string') return [part.replace(/^\.\//, '')];
  return Object.values(/** @type {object} */ (part)).flatMap(targets);
}

/** Compiles the program in strict TypeScript, and checks the declarations of taurec and of everything that they import. */
function checkTypes() {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  // Files that are read or copied are no modules.
  const entries = Object.keys(exports).filter((name) => !/\.js(on)?$/.test(name));
  const all = entries.map((name, i) => `export * as entry${i} from 'taurec${name.slice(1)}';\n`).join('');
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  for (const module of ['nodenext', 'bundler']) {
    const project = join(folder, module);
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), '{"private":true,"type":"module"}');
    writeFileSync(join(project, 'main.ts'), program);
    writeFileSync(join(project, 'entries.ts'), all);
    const compilerOptions = {
      ...(module === 'nodenext' ? { module } : { module: 'esnext', moduleResolution: module }),
      ...{ target: 'es2023', lib: ['es2023', 'dom', 'dom.iterable'], strict: true, skipLibCheck: false, noEmit: true },
      types: ['node'],
      typeRoots: [join(root, 'node_modules/@types')],
    };
    writeFileSync(
      join(project, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: ['main.ts', 'entries.ts'] }),
    );
    run(project, process.execPath, compiler, '-p', '.');
  }
}

/** Bundles all exported names for browsers, and checks that no Node module is in it. @returns the size in bytes */
async function bundle() {
  const contents = "export * from 'taurec';";
  const { outputFiles, metafile } = await build({
    ...{ stdin: { contents, resolveDir: folder }, bundle: true, format: 'esm', platform: 'browser', minify: true },
    ...{ metafile: true, write: false, outfile: 'bundle.js' },
  });
  const inputs = Object.keys(metafile.inputs);
  const node = inputs.filter((name) => name.startsWith('node:') || builtinModules.includes(name));
  if (node.length > 0) throw new Error(`The bundle for browsers reaches ${node.join(', ')}.`);
  return outputFiles[0].contents.length;
}

/** The size of the install on disk, and its number of packages. */
function installedSize() {
  const modules = join(folder, 'node_modules');
  const entries = readdirSync(modules, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const bytes = entries.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
  const { packages } = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8'));
  return `${Math.round(bytes / 1e6)} MB, ${Object.keys(packages).length} packages`;
}

/** Checks that a server bundled as in docs/serving.md, without its packages, answers with the model that `tryWith` trained. */
async function checkServerBundle() {
  const contents = `import { serve } from 'taurec/server';
const server = await serve('model', { port: 0 });
const answer = await fetch(server.url + '/v1/users/7/recommendations?k=3');
console.log(answer.status, (await answer.json()).items.length);
await server.close();`;
  await build({
    ...{ stdin: { contents, resolveDir: folder }, bundle: true, format: 'esm', platform: 'node', packages: 'external' },
    outfile: join(folder, 'server.mjs'),
  });
  const answer = run(folder, process.execPath, 'server.mjs').split('\n').at(-1);
  if (answer !== '200 3') throw new Error(`The bundled server answered ${answer}, expected 200 3.`);
  console.log('package: a server bundled by esbuild with --packages=external answers');
}

/** Installs the clone by its folder, as \`npm install ../taurec\` does (npm links it), and runs the program. */
function checkFolderInstall() {
  const project = join(folder, 'linked');
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{"private":true,"type":"module"}');
  // --ignore-scripts: npm would build the clone again
  run(project, 'npm', 'install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', root);
  writeFileSync(join(project, 'main.js'), readFileSync(join(folder, 'main.js')));
  const length = run(project, process.execPath, 'main.js');
  if (length !== '3') throw new Error(`The program printed ${length} with the clone linked, expected 3.`);
  console.log('package: a clone installed by its folder trains and recommends');
}

/** Installs a Node of the given major version from npm. Returns the path of its program; if that fails, prints the reason and returns undefined. @param {number} line */
function installNode(line) {
  const home = join(folder, `node-${line}`);
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  mkdirSync(home);
  writeFileSync(join(home, 'package.json'), '{"private":true}');
  try {
    const options = ['--prefer-offline', '--no-audit', '--no-fund', '--fetch-retries=1', '--ignore-scripts'];
    execFileSync('npm', ['install', ...options, `${name}@${line}`], { cwd: home, stdio: 'pipe', timeout: 60_000 });
    return join(home, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  } catch (error) {
    const [reason] = String(/** @type {{ stderr?: Buffer }} */ (error).stderr || error).split('\n');
    console.log(`package: Node ${line} skipped, ${name}@${line} cannot be installed: ${reason}`);
    return undefined;
  }
}

/** Runs the command and the program under one Node. @param {string} node path of the Node program @param {string} expected taurec's version */
function tryWith(node, expected) {
  const version = run(folder, node, 'node_modules/taurec/dist/programs/taurec.js', '--version');
  if (version !== expected) throw new Error(`taurec --version printed ${version}, expected ${expected}.`);
  // without its type annotation the program is JavaScript
  writeFileSync(join(folder, 'main.js'), program.replace(/const list:.* = /, 'const list = '));
  const length = run(folder, node, 'main.js');
  if (length !== '3') throw new Error(`The program printed ${length}, expected 3.`);
  console.log(
    `package: taurec ${version} trains, saves, opens and recommends under Node ${run(folder, node, '-p', 'process.version')}`,
  );
}
