/** After tsc: makes the command executable, and deletes compiled files whose source is gone (tsc leaves them, and `npm pack` would ship them). */
import { chmodSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
  const source = /^(.*?)(\.d\.ts|\.js\.map|\.js)$/.exec(name);
  if (source && !['ts', 'd.ts'].some((end) => existsSync(join(root, 'src', `${source[1]}.${end}`))))
    rmSync(join(dist, name));
}

const command = join(dist, 'cli/main.js');
if (existsSync(command)) chmodSync(command, 0o755);
