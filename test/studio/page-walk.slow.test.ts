import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadDataset, openModel } from '../../src/index.ts';
import { metricTitle } from '../../src/studio/page/parts/metric-names.ts';
import { chromiumMissing } from '../browser/chromium.ts';
import { folder, program } from '../cli/taurec.ts';
import { logText } from '../support/log-text.ts';
import { expectSound } from './page/browser.ts';
import { pages, startSite, startStudio } from './page/hosts.ts';
import { answersOf, drop, type Taken, tasteLog, walk } from './page/walk.ts';

const shell = promisify(execFile);
const json = async (...args: string[]) =>
  JSON.parse((await shell(process.execPath, [program, ...args, '--json'], { cwd: folder })).stdout);

/** Writes an archive out; returns the names of its files. */
function unpack(zip: Uint8Array, to: string): string[] {
  const files = unzipSync(zip);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, to, name)), { recursive: true });
    writeFileSync(join(folder, to, name), content);
  }
  return Object.keys(files).sort();
}

/** The facts of a model without its times, the version of Node, and the build that was asked for: that of the page was 'auto'. */
function steady(text: string): Record<string, unknown> {
  const { training, ...facts } = JSON.parse(text, (key, value) =>
    /^(created|date|node|digest|threads)$|seconds$/i.test(key) ? undefined : value,
  );
  const { build: _, ...options } = training;
  return { ...facts, training: options };
}

describe.skipIf(chromiumMissing)(`the studio from a file to a model, in Chromium${chromiumMissing}`, () => {
  const { onPage } = pages();
  beforeAll(() => writeFileSync(join(folder, 'log.csv'), tasteLog()));

  /** What a command or Node says about the model that was taken home is what the page said. */
  async function expectSame(taken: Taken, home: string, answers: Awaited<ReturnType<typeof answersOf>>) {
    const names = unpack(taken.zip, home);
    const data = await loadDataset({
      ...{ train: join(folder, 'log.csv'), user: 'kept', item: 'thing', rating: 'stars', minRating: 2 },
      ...{ split: 'random', testRatio: 0.2, validRatio: 0.1, seed: 0 },
    });
    const rows = data.test!;
    const pairs = logText(rows).replace(/u(\d+),i(\d+)/g, (_, user, item) =>
      [data.users.idOf(Number(user)), data.items.idOf(Number(item))].join(),
    );
    writeFileSync(join(folder, `${home}-test.csv`), pairs);
    const { metrics } = await json('evaluate', home, '--test', `${home}-test.csv`, '--ks', '5');
    expect(taken.figures.test).toEqual(
      Object.fromEntries(Object.entries(metrics).map(([name, value]) => [metricTitle(name), String(value)])),
    );
    const explained = await json('explain', home, '--user', taken.person, '--item', taken.missed);
    const told = (await answers('explain')).at(-1) as Record<string, unknown>;
    expect(told.because).toBeDefined();
    expect(explained).toMatchObject(told);
    expect((await openModel(join(folder, home))).config.training).toMatchObject({ epochs: 4, dimension: 8 });
    return names;
  }

  for (const [title, isolated] of [
    ['isolated', true],
    ['without isolation', false],
  ] as const)
    test(`a page ${title}: its model is that of Node, byte for byte`, async () => {
      const host = await startSite(isolated);
      const home = isolated ? 'isolated' : 'plain';
      await onPage(
        async (page) => {
          const answers = await answersOf(page);
          await page.goto(host.address);
          const taken = await walk(page);
          expect(await page.evaluate(() => crossOriginIsolated)).toBe(isolated);
          const names = await expectSame(taken, home, answers);
          const out = `${home}-again`;
          const command = taken.command.trim().replace(/--out \S+$/, `--out ${out} --quiet`);
          const taurec = `taurec() { '${process.execPath}' '${program}' "$@"; }`;
          await shell('sh', ['-c', `${taurec}; ${command}`], { cwd: folder });
          // What the command writes besides: its test part, and the state from which an update goes on.
          expect(readdirSync(join(folder, out)).sort()).toEqual([...names, 'test.csv', 'training.safetensors'].sort());
          for (const name of names) {
            // The command's facts have its further files and the figures of its test part besides.
            const [own, other] = [home, out].map((where) => readFileSync(join(folder, where, name)));
            if (name === 'config.json') expect(steady(String(other))).toMatchObject(steady(String(own)));
            else expect(Buffer.compare(own!, other!), name).toBe(0);
          }
        },
        isolated ? 'allow' : 'block',
      );
      await host.end();
    });

  test('a folder, with its token and its policy', async () => {
    const host = await startStudio('walked');
    await onPage(async (page) => {
      const answers = await answersOf(page);
      await page.goto(host.address);
      const taken = await walk(page, (screen) => expectSound(page, screen));
      expect(page.url()).not.toContain('token');
      await expectSame(taken, 'served', answers);
    });
    expect(await host.end()).toMatchObject({ code: 0, stderr: '' });
  });

  test('wrong files say what to do, and lose nothing of what is there', async () => {
    const host = await startSite(true);
    await onPage(async (page) => {
      await page.goto(host.address);
      const alert = page.getByRole('alert').first();
      await drop(page, 'log.csv', 'user,item\na,x\nb,y\na,y\n');
      await page.locator('.left', { hasText: 'Interactions left3' }).waitFor();
      await drop(page, 'empty.csv', '');
      await alert
        .getByText(/empty\.csv/)
        .first()
        .waitFor();
      await drop(page, 'picture.png', Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ', 'base64'));
      await alert
        .getByText(/picture\.png/)
        .first()
        .waitFor();
      await drop(page, 'people.csv', 'person,town,day\na,x,1\n');
      await page.getByText('which column holds the user, and which the item').waitFor();
      await page.getByLabel(/^log\.csv/).selectOption('Interactions');
      await page.locator('.left', { hasText: 'Interactions left3' }).waitFor();
    });
    await host.end();
  });
});
