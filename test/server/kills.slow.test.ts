import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openModel, saveModel } from '../../src/model/model-directory.ts';
import { killMoments } from '../support/property-seed.ts';
import { folder, model } from './harness.ts';

/** Milliseconds after the first save began. */
const kills = killMoments(6, 185);

test(
  `a process killed while it saves a model leaves the old or the new one (${kills.title})`,
  async () => {
    const directory = join(folder, 'saved');
    const library = new URL('../../dist/index.js', import.meta.url).href;
    const script = `
    import { openModel, saveModel } from ${JSON.stringify(library)};
    const models = await Promise.all(process.argv.slice(1, 3).map((from) => openModel(from)));
    console.log('ready');
    for (let turn = 0; ; turn++) await saveModel(process.argv[3], models[turn % 2]);`;
    const large = { users: 300, items: 3000, dimension: 32, titles: false, density: 0.01 };
    const sources = [await model('large-1', { ...large, seed: 1 }), await model('large-2', { ...large, seed: 2 })];
    const bits = await Promise.all(sources.map(async (source) => digest(source)));
    await saveModel(directory, await openModel(sources[0]!));
    for (const moment of kills.moments) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script, ...sources, directory]);
      await once(child.stdout, 'data');
      await new Promise((resolve) => setTimeout(resolve, moment));
      child.kill('SIGKILL');
      await once(child, 'exit');
      expect(bits).toContain(await digest(directory));
    }
  },
  kills.timeout,
);

async function digest(directory: string): Promise<string> {
  const { users, items, seen } = await openModel(directory);
  const sum = (part: Iterable<number>) => Array.from(part).reduce((a, b) => a + b, 0);
  return [users.data, items.data, seen.indices].map(sum).join(' ');
}
