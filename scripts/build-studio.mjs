/**
 * Bundles the studio's page from dist/studio/page/ into dist/studio/site/, a folder that any host can serve: relative addresses, no inline scripts or styles, a hash in every name but index.html's.
 * The page and its styles come from src/; the scripts are those that tsc wrote. Browsers' twins of files that need Node are chosen by the `imports` of package.json.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'vite';

const root = join(import.meta.dirname, '..');
const page = join(root, 'dist/studio/page');
const site = join(root, 'dist/studio/site');

for (const name of ['index.html', 'styles'])
  cpSync(join(root, 'src/studio/page', name), join(page, name), { recursive: true });
rmSync(site, { recursive: true, force: true });
/** Packages that went into the bundle. */
const packages = new Set();
/** @type {import('vite').Plugin} */
const collect = {
  name: 'packages',
  generateBundle(_, bundle) {
    for (const file of Object.values(bundle))
      if (file.type === 'chunk')
        for (const id of file.moduleIds) {
          const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1];
          if (name) packages.add(name);
        }
  },
};
await build({
  configFile: false,
  root: page,
  base: './',
  logLevel: 'warn',
  plugins: [collect],
  worker: { format: 'es', plugins: () => [collect] },
  build: {
    outDir: site,
    emptyOutDir: true,
    target: 'es2022',
    // the first versions with light-dark()
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    modulePreload: { polyfill: false },
    // A data address in a style would need a wider policy than 'self'.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1000,
  },
});
// A static host sends no headers that isolate the page: this service worker adds them (docs/browser.md).
cpSync(join(root, 'dist/browser/isolation-worker.js'), join(site, 'isolation-worker.js'));
// What the cards of losses link to: the pages of the documentation, readable without a network.
const losses = join(root, 'docs/losses');
mkdirSync(join(site, 'losses'));
cpSync(join(page, 'styles/document.css'), join(site, 'losses/document.css'));
for (const file of readdirSync(losses))
  writeFileSync(join(site, 'losses', `${basename(file, '.md')}.html`), documentOf(join(losses, file)));
const licences = [...packages].sort().map((name) => {
  const folder = join(root, 'node_modules', name);
  const { license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return `${name} (${license})\n\n${licenceOf(folder)}`;
});
writeFileSync(join(site, 'LICENSE.txt'), licences.join('\n\n'));

/**
 * A Markdown file as a page that shows its text; links to other files of the folder work.
 * @param {string} file
 */
function documentOf(file) {
  const text = readFileSync(file, 'utf8').replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  const linked = text.replace(/\[([^\]]+)\]\((?:\.\.\/|#)?[^)]*\)/g, (whole, words) => {
    const own = /\(([\w-]+)\.md(?:#[^)]*)?\)$/.exec(whole)?.[1];
    return own ? `<a href="./${own}.html">${words}</a>` : words;
  });
  const title = /^# (.*)$/m.exec(text)?.[1]?.replaceAll('`', '') ?? basename(file);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="stylesheet" href="./document.css">
<main><pre>${linked}</pre></main>
</html>
`;
}

/** @param {string} folder of a package */
function licenceOf(folder) {
  for (const name of ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'license'])
    try {
      return readFileSync(join(folder, name), 'utf8');
    } catch {}
  throw new Error(`${folder}: no licence text to ship with the bundle`);
}
