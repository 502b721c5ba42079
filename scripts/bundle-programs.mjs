/**
 * Bundles programs. Those of Node, the command and its threads, go from dist/ into dist/programs/: a thread loads every module anew, and one file in place of two hundred starts it in a third of the processor time.
 * These bundles share chunks (docs/decisions/042-bundled-programs.md).
 *
 * Those of browsers become text, one module for each program with all that it imports: NAME-text.js next to it exports it, and src/browser/start-worker.ts starts it (docs/decisions/058-browser-workers.md). The service worker of isolatePage is a file, dist/browser/isolation-worker.js.
 *
 * The licences of the packages in a bundle are written next to it.
 */
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
const folder = join(dist, 'programs');
/** Programs of Node, below dist/, by their names in dist/programs/. */
const programs = {
  taurec: 'cli/main',
  ...Object.fromEntries(
    ['training/thread/coordinator-worker', 'engine/wasm/crew-worker', 'server/scoring-worker'].map((program) => [
      basename(program),
      program,
    ]),
  ),
};
/** Packages in the bundles of Node, with what they import: small ES modules that a command loads at its start. */
const bundled = ['cli-truncate', 'csv-stringify', 'log-update', 'pure-rand', 'string-width', 'zod'];
/** Programs of browsers, below dist/. Each has a declaration next to it, NAME-text.d.ts. */
const browserPrograms = ['browser/crew-worker', 'browser/train-worker', 'studio/local/loss-program'];

/** @satisfies {import('esbuild').BuildOptions} */
const common = {
  bundle: true,
  metafile: true,
  format: /** @type {const} */ ('esm'),
  // The paths of tsconfig.json lead to src/; the imports of package.json lead to dist/.
  tsconfigRaw: {},
  legalComments: /** @type {const} */ ('none'),
  logLevel: /** @type {const} */ ('warning'),
};

/** @type {Set<string>} */
const inBrowsers = new Set();
// One after the other, in order: a program may hold the text of an earlier one.
for (const program of browserPrograms) {
  const { outputFiles, metafile } = await build({
    ...common,
    entryPoints: [join(dist, `${program}.js`)],
    platform: 'browser',
    target: 'es2022',
    minify: true,
    write: false,
  });
  const text = JSON.stringify(outputFiles[0]?.text);
  writeFileSync(join(dist, `${program}-text.js`), `export const program = ${text};\n`);
  for (const name of packagesOf(metafile)) inBrowsers.add(name);
}

// After the texts: the studio's modules, which the command has, import them.
rmSync(folder, { recursive: true, force: true });
const { metafile } = await build({
  ...common,
  entryPoints: Object.fromEntries(
    Object.entries(programs).map(([name, program]) => [name, join(dist, `${program}.js`)]),
  ),
  outdir: folder,
  splitting: true,
  platform: 'node',
  target: 'node20',
  chunkNames: 'shared-[hash]',
  plugins: [
    {
      name: 'programs',
      setup({ onLoad, onResolve }) {
        onResolve({ filter: /^[^.#/]/ }, ({ path, kind, importer }) =>
          kind === 'entry-point' || importer.includes('node_modules') || bundled.includes(path.split('/', 1)[0] ?? '')
            ? undefined
            : { path, external: true },
        );
        // A module finds files next to itself by its own address, not by that of the bundle.
        onLoad({ filter: /\/dist\/.*\.js$/ }, ({ path }) => {
          if (path.includes('node_modules')) return undefined;
          const own = JSON.stringify(relative(folder, path).replaceAll('\\', '/'));
          const text = readFileSync(path, 'utf8');
          return { contents: text.replaceAll('import.meta.url', `new URL(${own}, import.meta.url).href`) };
        });
      },
    },
  ],
});
chmodSync(join(folder, 'taurec.js'), 0o755);
writeLicences(folder, packagesOf(metafile));

// A service worker must be a file. A classic script runs in every browser that has service workers.
await build({
  ...common,
  entryPoints: [join(dist, 'browser/isolation-program.js')],
  outfile: join(dist, 'browser/isolation-worker.js'),
  format: 'iife',
  platform: 'browser',
  target: 'es2022',
});
writeLicences(join(dist, 'browser'), inBrowsers);

/**
 * The packages in a bundle, by their folders relative to the root.
 * @param {import('esbuild').Metafile} metafile
 */
function packagesOf({ inputs }) {
  const homes = Object.keys(inputs).map((input) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? '');
  return new Set(homes.filter((home) => home !== ''));
}

/**
 * Writes LICENSE.txt with the licences of packages.
 * @param {string} to
 * @param {Set<string>} packages their folders
 */
function writeLicences(to, packages) {
  const texts = [...packages].map((home) => {
    const file = readdirSync(join(root, home)).find((name) => /^licen[cs]e/i.test(name));
    if (file === undefined) throw new Error(`${home} has no licence.`);
    return `${home.replace(/^.*node_modules\//, '')}\n\n${readFileSync(join(root, home, file), 'utf8')}`;
  });
  // Two copies of a package have one licence.
  writeFileSync(join(to, 'LICENSE.txt'), [...new Set(texts)].sort().join('\n\n'));
}
