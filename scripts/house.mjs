/**
 * Measures what a first-time reader has to deal with, to compare two versions: node scripts/house.mjs [--install] [--test] [FOLDER…]
 * Each folder (default: this checkout) is a built checkout and gets a column. Give old and new in one call, so that both are measured on the same machine under the same rules.
 *
 * Rules:
 *   files, lines       src/**.ts without generated files (their first line says so); blank lines count
 *   median file        lines of the file of median length
 *   comment lines      lines that begin with //, /* or *
 *   imports            `import … from` and `export … from` statements with a relative path
 *   private stages     files that exactly one other file of src imports, one of the same folder; files directly in src/ do not count
 *   train to kernel    files in the deepest call stack from trainStep to a kernel (training with one thread, in the caller's thread), preceded by the shortest chain of imports from the entry to the stack's first file
 *   names              exported names, types included, by entry of package.json
 *   README words       words separated by white space
 *   import             processor time (user + system) of a process that imports the entry, minus that of a process that imports nothing; median of 9
 *   --install          MB on disk and number of packages after npm pack and npm install into an empty folder
 *   --test             wall-clock seconds of `npm install-test` in a copy of the committed tree
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import ts from 'typescript';

const { values: wanted, positionals } = parseArgs({
  options: { install: { type: 'boolean', default: false }, test: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const here = join(import.meta.dirname, '..');
const folders = (positionals.length > 0 ? positionals : [here]).map((folder) => resolve(folder));

/** @param {readonly number[]} values */
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** The figures of one checkout, by name. @param {string} root */
function figures(root) {
  const source = join(root, 'src');
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => ({ name: join(source, name), text: readFileSync(join(source, name), 'utf8') }))
    .filter(({ text }) => !/^\S.*generated/i.test(text.split('\n', 1)[0] ?? ''));
  const lines = files.map(({ text }) => text.split('\n').length - 1);
  const total = lines.reduce((sum, count) => sum + count, 0);
  const comments = files.flatMap(({ text }) => text.split('\n').filter((line) => /^\s*(\/\/|\/\*|\*)/.test(line)));
  const imports = files.flatMap((file) => importsOf(file.name, file.text).map((to) => ({ from: file.name, to })));
  const statements = files.flatMap(({ text }) => text.match(/^(?:import|export)\b[^;]*?from '\.{1,2}\//gm) ?? []);
  const { exports, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const entries = Object.keys(exports).filter((name) => !name.endsWith('.json'));
  return {
    version,
    files: files.length,
    lines: total,
    'median file': median(lines),
    'comment lines, %': round((100 * comments.length) / total),
    'imports per 100 lines': round((100 * statements.length) / total),
    'private stages': privateStages(files, imports, source),
    'files from train to the kernel': filesToKernel(root, imports),
    ...Object.fromEntries(
      entries.map((entry) => [`names of taurec${entry.slice(1)}`, namesOf(root, exports[entry]).length]),
    ),
    'README words': readFileSync(join(root, 'README.md'), 'utf8').split(/\s+/).filter(Boolean).length,
    "import 'taurec', ms": importTime(root),
    ...(wanted.install && installed(root)),
    ...(wanted.test && { 'npm install-test, s': installTest(root) }),
  };
}

/** Rounds to one decimal. @param {number} x */
function round(x) {
  return Math.round(x * 10) / 10;
}

/** Files of src that a file imports, by relative path. @param {string} file @param {string} text */
function importsOf(file, text) {
  const paths = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+\.ts)'/g)].map(([, path]) => path ?? '');
  return [...new Set(paths.map((path) => resolve(dirname(file), path)))];
}

/**
 * The number of private stages, by the rule above.
 * @param {readonly { name: string }[]} files @param {readonly { from: string, to: string }[]} imports @param {string} source
 */
function privateStages(files, imports, source) {
  return files.filter(({ name }) => {
    const readers = imports.filter(({ to }) => to === name).map(({ from }) => from);
    const [reader] = readers;
    return (
      readers.length === 1 && reader !== undefined && dirname(reader) === dirname(name) && dirname(name) !== source
    );
  }).length;
}

/** Names that the types of an entry export. @param {string} root @param {unknown} entry of package.json's exports */
function namesOf(root, entry) {
  const types = typesOf(entry);
  if (types === undefined) return [];
  const file = join(root, types);
  const program = ts.createProgram([file], { module: ts.ModuleKind.NodeNext, skipLibCheck: true, noLib: true });
  const module = program.getTypeChecker().getSymbolAtLocation(program.getSourceFile(file) ?? failed(`no ${file}`));
  return program.getTypeChecker().getExportsOfModule(module ?? failed(`${file} exports nothing`));
}

/** @param {unknown} entry @returns {string | undefined} the first path of declarations */
function typesOf(entry) {
  if (typeof entry !== 'object' || entry === null) return undefined;
  const { types, ...others } = /** @type {Record<string, unknown>} */ (entry);
  if (typeof types === 'string') return types;
  return Object.values(others).map(typesOf).find(Boolean);
}

/** @param {string} message @returns {never} */
function failed(message) {
  throw new Error(message);
}

/** The number and names of the files from `train` to a kernel. Runs a small training whose kernels record their call stacks. @param {string} root @param {readonly { from: string, to: string }[]} imports */
function filesToKernel(root, imports) {
  const inside = join(root, 'house-stack.mjs');
  // With a loss object the training stays in the process's main thread, where each call of a kernel can record its stack.
  writeFileSync(
    inside,
    `Error.stackTraceLimit = 200;
const stacks = [];
const { Instance } = WebAssembly;
WebAssembly.Instance = function (...args) {
  const { exports } = new Instance(...args);
  const wrap = ([name, f]) => [name, typeof f !== 'function' ? f : (...a) => { if (stacks.length < 500) stacks.push(new Error().stack); return f(...a); }];
  return { exports: Object.fromEntries(Object.entries(exports).map(wrap)) };
};
const all = { ...(await import('taurec')), ...(await import('taurec/extend').catch(() => ({}))) };
const { createLoss, train } = all;
const { syntheticDataset } = all.syntheticDataset ? all : await import('taurec/lab');
const data = syntheticDataset({ users: 60, items: 40, interactions: 800 });
await train(data, { loss: createLoss({ name: 'sl', options: {} }), dimension: 8, epochs: 1, threads: 1, batch: { rows: 16, negatives: 20 } });
const step = stacks.filter((stack) => /train-step/.test(stack)).map((stack) => new Set(stack.match(/dist\\/[\\w/-]+\\.js/g)));
const longest = step.sort((a, b) => b.size - a.size)[0];
console.log(JSON.stringify([...longest]));
process.exit(0);`,
  );
  try {
    const run = spawnSync(process.execPath, [inside], { cwd: root, encoding: 'utf8', timeout: 60_000 });
    if (run.status !== 0) return `failed: ${run.stderr.split('\n').find((line) => /Error/.test(line)) ?? run.status}`;
    /** @type {string[]} */
    const stack = JSON.parse(run.stdout.trim().split('\n').at(-1) ?? '[]').reverse();
    const inStack = stack.map((file) => relative('dist', file).replace(/\.js$/, ''));
    const before = wayTo(join(root, 'src', `${inStack[0]}.ts`), join(root, 'src/index.ts'), imports);
    const chain = [...before.map((file) => relative(join(root, 'src'), file).replace(/\.ts$/, '')), ...inStack];
    return `${chain.length + 1} (${chain.join(' → ')} → the kernel)`;
  } finally {
    rmSync(inside);
  }
}

/**
 * The shortest chain of imports from `start` to `goal`, without the goal, found by breadth-first search.
 * @param {string} goal @param {string} start @param {readonly { from: string, to: string }[]} imports
 */
function wayTo(goal, start, imports) {
  /** @type {Map<string, string | undefined>} */
  const reached = new Map([[start, undefined]]);
  for (const file of reached.keys())
    for (const { from, to } of imports) if (from === file && !reached.has(to)) reached.set(to, file);
  const way = [];
  for (let at = reached.get(goal); at !== undefined; at = reached.get(at)) way.unshift(at);
  return way;
}

/** Milliseconds of processor time that the import of the entry takes. @param {string} root */
function importTime(root) {
  const entry = pathToFileURL(join(root, 'dist/index.js')).href;
  /** @param {string} code */
  const milliseconds = (code) =>
    Number(
      execFileSync(process.execPath, [
        '--input-type=module',
        '--eval',
        `${code}; const { user, system } = process.cpuUsage(); console.log((user + system) / 1000); process.exit(0);`,
      ]),
    );
  const pairs = Array.from({ length: 9 }, () => milliseconds(`await import('${entry}')`) - milliseconds(''));
  return Math.round(median(pairs));
}

/** Size and packages of an install. @param {string} root */
function installed(root) {
  const folder = mkdtempSync(join(tmpdir(), 'taurec-house-'));
  try {
    const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
      cwd: root,
    });
    const [{ filename }] = JSON.parse(packed.toString());
    writeFileSync(join(folder, 'package.json'), '{"private":true}');
    execFileSync('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', filename], {
      cwd: folder,
      stdio: 'pipe',
    });
    const lock = JSON.parse(readFileSync(join(folder, 'node_modules/.package-lock.json'), 'utf8'));
    const bytes = readdirSync(join(folder, 'node_modules'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
    return { 'installed, MB': Math.round(bytes / 1e6), packages: Object.keys(lock.packages).length };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Seconds of `npm install-test` in a fresh clone. @param {string} root */
function installTest(root) {
  const folder = mkdtempSync(join(tmpdir(), 'taurec-house-'));
  try {
    const clone = join(folder, 'taurec');
    execFileSync('git', ['clone', '--quiet', root, clone]);
    const started = performance.now();
    const { status } = spawnSync('npm', ['install-test'], { cwd: clone, stdio: ['ignore', 'ignore', 'inherit'] });
    const seconds = Math.round((performance.now() - started) / 1000);
    return status === 0 ? seconds : `failed after ${seconds}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const all = folders.map(figures);
const names = [...new Set(all.flatMap((one) => Object.keys(one)))];
for (const name of names)
  console.log(
    [
      name.padEnd(32),
      ...all.map((one) => `${/** @type {Record<string, unknown>} */ (one)[name] ?? '–'}`.padEnd(14)),
    ].join(' '),
  );
