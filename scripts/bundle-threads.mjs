/**
 * Bundles the programs of threads. Those of Node go from dist/ into dist/threads/: a thread loads every module anew, and one file in place of two hundred starts it in a third of the processor time. These
 * bundles share chunks.
 *
 * Those of browsers become text, one module for each program with all that it imports: NAME-text.js next to it exports it, and src/browser/start-worker.ts starts it (docs/decisions/058-browser-workers.md). The service worker of isolatePage is a file, dist/browser/isolation-worker.js.
 *
 * The licences of the packages in a bundle are written next to it.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const dist = join(import.meta.dirname, '../dist');
const threads = join(dist, 'threads');
const programs = ['training/thread/coordinator-worker', 'engine/wasm/crew-worker', 'server/scoring-worker'];
const bundled = ['pure-rand', 'zod'];
/** Programs of browsers, below dist/. Each has a declaration next to it, NAME-text.d.ts. */
const browserPrograms = ['browser/crew-worker', 'browser/train-worker', 'studio/local/loss-program'];

/** @satisfies {import('esbuild').BuildOptions} */
const common = {
  bundle: true,
  format: /** @type {const} */ ('esm'),
  // The paths of tsconfig.json lead to src/; the imports of package.json lead to dist/.
  tsconfigRaw: {},
  legalComments: /** @type {const} */ ('none'),
  logLevel: /** @type {const} */ ('warning'),
};

rmSync(threads, { recursive: true, force: true });
await build({
  ...common,
  entryPoints: Object.fromEntries(programs.map((program) => [basename(program), join(dist, `${program}.js`)])),
  outdir: threads,
  splitting: true,
  platform: 'node',
  target: 'node20',
  chunkNames: 'shared-[hash]',
  plugins: [
    {
      name: 'threads',
      setup({ onLoad, onResolve }) {
        onResolve({ filter: /^[^.#/]/ }, ({ path, kind }) =>
          kind === 'entry-point' || bundled.includes(path.split('/', 1)[0] ?? '')
            ? undefined
            : { path, external: true },
        );
        // A module finds files next to itself by its own address, not by that of the bundle.
        onLoad({ filter: /\/dist\/.*\.js$/ }, ({ path }) => {
          const own = JSON.stringify(relative(threads, path).replaceAll('\\', '/'));
          const text = readFileSync(path, 'utf8');
          return { contents: text.replaceAll('import.meta.url', `new URL(${own}, import.meta.url).href`) };
        });
      },
    },
  ],
});
writeLicences(threads, bundled);

const inBrowsers = new Set();
// One after the other, in order: a program may hold the text of an earlier one.
for (const program of browserPrograms) {
  const { outputFiles, metafile } = await build({
    ...common,
    entryPoints: [join(dist, `${program}.js`)],
    platform: 'browser',
    target: 'es2022',
    minify: true,
    metafile: true,
    write: false,
  });
  const text = JSON.stringify(outputFiles[0]?.text);
  writeFileSync(join(dist, `${program}-text.js`), `export const program = ${text};\n`);
  for (const input of Object.keys(metafile.inputs)) {
    const name = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1];
    if (name) inBrowsers.add(name);
  }
}

// A service worker must be a file. A classic script runs in every browser that has service workers.
await build({
  ...common,
  entryPoints: [join(dist, 'browser/isolation-program.js')],
  outfile: join(dist, 'browser/isolation-worker.js'),
  format: 'iife',
  platform: 'browser',
  target: 'es2022',
});
writeLicences(join(dist, 'browser'), [...inBrowsers].sort());

/**
 * Writes LICENSE.txt with the licences of packages.
 * @param {string} folder
 * @param {string[]} packages
 */
function writeLicences(folder, packages) {
  const licences = packages.map((name) => {
    const home = dirname(fileURLToPath(import.meta.resolve(`${name}/package.json`)));
    return `${name}\n\n${readFileSync(join(home, 'LICENSE'), 'utf8')}`;
  });
  writeFileSync(join(folder, 'LICENSE.txt'), licences.join('\n\n'));
}
