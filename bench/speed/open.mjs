import { cp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openModel, Recommender, saveModel } from '../../dist/index.js';
import { madeUpModel } from './made-up-model.mjs';
import { inTemporaryFolder } from './temporary.mjs';
import { median, minimum, timeRounds } from './timing.mjs';

/**
 * Opening a saved model, whose arrays are views of its files, and opening a Recommender, which also starts an engine and normalises the items.
 * @param {import('./report.mjs').BenchOptions} options
 * @returns {Promise<import('./report.mjs').Report[]>}
 */
export function run({ quick, seed }) {
  const items = quick ? 100_000 : 1_000_000;
  const users = items / 10;
  return inTemporaryFolder(async (folder) => {
    const directory = join(folder, 'model');
    await saveModel(directory, madeUpModel({ users, items, seen: 10, seed }));
    const rounds = quick ? 2 : 7;
    const opened = await timeRounds(rounds, 1, async () => (await openModel(directory)).items.data[0]);
    const serving = await timeRounds(rounds, 1, async () => {
      const recommender = await Recommender.open(directory);
      const [first] = recommender.recommend('7', { k: 10 });
      await recommender.close();
      return first.score;
    });
    const recommender = await Recommender.open(directory);
    let user = 0;
    const single = await timeRounds(quick ? 5 : 50, 3, () => recommender.recommend(String(user++), { k: 10 })[0].score);
    await recommender.close();
    const row = (/** @type {string} */ what, /** @type {number[]} */ seconds) => ({
      what,
      'ms median': 1000 * median(seconds),
      'ms best': 1000 * minimum(seconds),
    });
    const title = `a saved model of ${items.toLocaleString('en-US')} items and ${users.toLocaleString('en-US')} users × d 64, ${await megabytes(directory)} MB (files cached)`;
    const digests = [];
    for (const rows of quick ? [50_000] : [50_000, 500_000])
      digests.push(await costOfDigests(join(folder, `${rows}`), rows, seed, rounds));
    return [
      {
        title: 'Recommender.open with SHA-256 of every file, and of the same model without digests (interleaved)',
        rows: digests,
      },
      {
        title,
        rows: [
          row('openModel', opened),
          row('Recommender.open, one recommendation, close', serving),
          row('one more recommendation', single),
        ],
      },
    ];
  });
}

/**
 * Opens a model of `rows` users and items (d 64), and a copy whose config.json lists no digests, in turn.
 * @param {string} folder
 * @param {number} rows
 * @param {number} seed
 * @param {number} rounds
 */
async function costOfDigests(folder, rows, seed, rounds) {
  const [checked, plain] = [join(folder, 'checked'), join(folder, 'plain')];
  await saveModel(checked, madeUpModel({ users: rows, items: rows, seen: 10, seed }));
  await cp(checked, plain, { recursive: true });
  const { files: _files, digest: _digest, ...config } = JSON.parse(await readFile(join(plain, 'config.json'), 'utf8'));
  await writeFile(join(plain, 'config.json'), JSON.stringify(config));
  /** @type {Record<string, { wall: number[], processor: number[] }>} */
  const times = { [checked]: { wall: [], processor: [] }, [plain]: { wall: [], processor: [] } };
  for (let round = 0; round < 2 * rounds; round++) {
    for (const directory of round % 2 ? [checked, plain] : [plain, checked]) {
      const [started, before] = [performance.now(), process.cpuUsage()];
      const recommender = await Recommender.open(directory);
      const { user, system } = process.cpuUsage(before);
      times[directory]?.wall.push(performance.now() - started);
      times[directory]?.processor.push((user + system) / 1000);
      await recommender.close();
    }
  }
  const [own, other] = [times[checked], times[plain]];
  if (!own || !other) throw new Error('nothing was measured');
  return {
    what: `${await megabytes(checked)} MB`,
    'ms median': median(own.wall),
    'without digests': median(other.wall),
    'ms best': minimum(own.wall),
    'best without': minimum(other.wall),
    'processor ms': minimum(own.processor),
    'processor without': minimum(other.processor),
  };
}

/** @param {string} directory */
async function megabytes(directory) {
  const sizes = await Promise.all(
    (await readdir(directory)).map(async (name) => (await stat(join(directory, name))).size),
  );
  return Math.round(sizes.reduce((sum, size) => sum + size, 0) / 1e6);
}
