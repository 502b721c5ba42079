/** Opens a model with the build of a checkout and prints the figures as JSON. `node open-child.mjs ROOT MODEL THREADS` */

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { peakBytes } from '../../dist/cli/peak-bytes.js';

const [root = '', model = '', threads] = process.argv.slice(2);
const { enableFusedMultiplyAdd, Recommender } = await import(pathToFileURL(join(root, 'dist/index.js')).href);
enableFusedMultiplyAdd();
const started = performance.now();
const before = process.cpuUsage();
const recommender = await Recommender.open(model, { threads: Number(threads) });
const { user, system } = process.cpuUsage(before);
const open = performance.now();
recommender.recommend(recommender.userIds.idOf(0), { k: 20 });
const listed = performance.now();
await recommender.close();
console.log(
  JSON.stringify({
    'open s': (open - started) / 1000,
    'processor s': (user + system) / 1e6,
    'of the system s': system / 1e6,
    'first list s': (listed - open) / 1000,
    'peak GiB': (peakBytes() ?? 0) / 2 ** 30,
  }),
);
