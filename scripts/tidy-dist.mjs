/**
 * Runs after tsc: deletes compiled files whose source no longer exists (tsc leaves them, and `npm pack` would ship them), and copies the script of the server's API page
 * next to the server. The script is a complete bundle; a dependency on its package would install many others, some of which need a compiler.
 */
import { copyFileSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
  // The studio's site is a bundle of its own (build-studio.mjs).
  if (name.startsWith(join('studio', 'site'))) continue;
  const source = /^(.*?)(\.d\.ts|\.js\.map|\.js)$/.exec(name);
  if (source && !['ts', 'tsx', 'd.ts'].some((end) => existsSync(join(root, 'src', `${source[1]}.${end}`))))
    rmSync(join(dist, name));
}

const page = createRequire(import.meta.url).resolve('rapidoc/dist/rapidoc-min.js');
for (const end of ['', '.LICENSE.txt']) copyFileSync(`${page}${end}`, join(dist, `server/rapidoc-min.js${end}`));
