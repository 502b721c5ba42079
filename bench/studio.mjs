/**
 * The studio's page by itself in Chromium ($TAUREC_CHROMIUM, default /usr/bin/chromium), isolated, with its session in a worker. Three parts; without names all of them.
 *
 * - restart: milliseconds from a change of an option to the first frame that shows an epoch of the new training, on the toy and on the made-up shop, by a choice (a card of a loss) and by a number (the learning rate, of which 150 ms
 *   are the page's patience with people who still type).
 * - million: a log of a million made-up interactions is dropped on the page, loaded and trained: seconds, gaps between the page's frames, memory.
 * - size: bytes with gzip of what opening the page asks for, and of what is loaded when it is needed.
 *
 *     npm run build && node bench/studio.mjs [restart] [million] [size] [--rounds 15] [--rows 1000000]
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { syntheticDataset } from '../dist/index.js';
import { site, withStudio } from '../scripts/studio-browser.mjs';
import { machine } from './speed/machine.mjs';
import { inTemporaryFolder } from './speed/temporary.mjs';
import { median } from './speed/timing.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '15' }, rows: { type: 'string', default: '1000000' } },
});
const rounds = Number(values.rounds);
const parts = { restart, million, size };
const named = Object.entries(parts).filter(([name]) => positionals.length === 0 || positionals.includes(name));
// what measures the memory of a page waits for a collection of garbage, unless it may start one
const flags = ['--enable-blink-features=ForceEagerMeasureMemory'];
console.log(JSON.stringify(machine()));
await withStudio(async (studio) => {
  console.log(`Chromium ${studio.browser.version()}`);
  for (const [, part] of named) await part(studio);
}, flags);

/** @typedef {Parameters<Parameters<typeof withStudio>[0]>[0]} Studio */
/** @typedef {import('playwright-core').Page} Page */

/** @param {Studio} studio */
async function restart({ open }) {
  for (const sample of ['Toy', 'Made-up shop']) {
    const page = await open('');
    await page.getByRole('button', { name: sample }).click();
    await load(page);
    await page.getByRole('link', { name: 'Train a model' }).click();
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await shown(page, () => document.querySelector('.course strong')?.textContent === 'Done');
    /** @type {Record<string, Record<string, number[]>>} */
    const times = { 'a choice': {}, 'a number': {} };
    // the first round is not counted
    for (let round = 0; round <= rounds; round++)
      for (const [what, seen] of Object.entries(times)) {
        // A training that goes on, as it does for someone who turns dials, gives way to the new one.
        const found = await page.evaluate(changeOption, { what, round });
        if (round > 0) for (const [name, ms] of Object.entries(found)) seen[name] = [...(seen[name] ?? []), ms];
      }
    for (const [what, seen] of Object.entries(times))
      for (const [name, all] of Object.entries(seen))
        console.log(`restart, ${sample}, ${what}, ${name}: ${spread(all)} ms`);
    await page.context().close();
  }
}

/** In the page: changes an option, and waits for frames. @param {{ what: string; round: number }} change @returns {Promise<Record<string, number>>} milliseconds until each was on the screen */
async function changeOption({ what, round }) {
  const nameOf = () => document.querySelector('.run-name')?.textContent ?? '';
  const [loss, rate] = [['sl', 'dsl', 'bsl'][round % 3], (0.0501 + round / 1000).toFixed(4)];
  const isNew = () => (what === 'a choice' ? nameOf().split(',')[0] === loss : nameOf().endsWith(`rate ${rate}`));
  const started = performance.now();
  if (what === 'a choice') {
    /** @type {HTMLInputElement} */ (document.querySelector(`input[name=loss][value=${loss}]`)).click();
  } else {
    const label = [...document.querySelectorAll('label')].find((one) => one.textContent.startsWith('Learning rate'));
    const field = /** @type {HTMLInputElement} */ (document.getElementById(label?.htmlFor ?? ''));
    field.value = rate;
    field.dispatchEvent(new Event('input', { bubbles: true }));
  }
  /** @param {() => boolean} test @returns {Promise<number>} */
  const frameWhere = (test) =>
    new Promise((resolve, reject) => {
      const look = () => {
        const now = performance.now() - started;
        if (test()) requestAnimationFrame(() => resolve(performance.now() - started));
        else if (now > 60_000)
          reject(new Error(`${what}, round ${round}: ${document.querySelector('.transport')?.textContent}`));
        else requestAnimationFrame(look);
      };
      look();
    });
  const epoch = () =>
    Number(/(\d+)(?: of \d+| epoch)/.exec(document.querySelector('.course .figure')?.textContent ?? '')?.[1] ?? 0);
  const hasMap = () => document.querySelector('.map .figure') !== null;
  const [map, first] = await Promise.all([
    frameWhere(() => isNew() && hasMap()),
    frameWhere(() => isNew() && epoch() >= 1),
  ]);
  return { 'the first map': map, 'the first epoch': first };
}

/** @param {Studio} studio */
async function million({ open, browser }) {
  await inTemporaryFolder(async (folder) => {
    const rows = Number(values.rows);
    const file = join(folder, 'log.csv');
    const { train } = syntheticDataset({ users: 20_000, items: 10_000, interactions: rows, testRatio: 0, seed: 1 });
    let text = 'user,item,time\n';
    for (let user = 0; user < train.rows; user++)
      for (let e = train.offsets[user]; e < train.offsets[user + 1]; e++)
        text += `u${user},i${train.indices[e]},${1_700_000_000 + ((e * 7919) % 30_000_000)}\n`;
    writeFileSync(file, text);
    console.log(`million: ${train.indices.length} rows, ${(text.length / 1e6).toFixed(1)} MB`);
    const page = await open('');
    await page.evaluate(() => {
      const all = { last: performance.now(), gaps: /** @type {number[]} */ ([]) };
      Object.assign(globalThis, { frames: all });
      const frame = () => {
        const now = performance.now();
        all.gaps.push(now - all.last);
        all.last = now;
        requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    });
    await report(page, browser, 'nothing is done', () => page.waitForTimeout(3000));
    await report(page, browser, 'taking the file, its first rows, counting what is left', async () => {
      await page.locator('input[type=file]').setInputFiles(file);
      await page.locator('.left[aria-busy=false] dd').first().waitFor({ timeout: 300_000 });
    });
    await report(page, browser, 'loading: splits and plots', () => load(page));
    await page.getByRole('link', { name: 'Train a model' }).click();
    await page.getByLabel('Epochs', { exact: true }).fill('20');
    await report(page, browser, 'training 20 epochs', async () => {
      await page.getByRole('button', { name: 'Train', exact: true }).click();
      await shown(page, () => /Done|Failed/.test(document.querySelector('.course strong')?.textContent ?? ''));
    });
    console.log(`million: ${await page.locator('.course p').first().textContent()}`);
    await page.context().close();
  });
}

/** Prints the seconds of some work, the frames of the page meanwhile, and memory after it. @param {Page} page @param {import('playwright-core').Browser} browser @param {string} what @param {() => Promise<unknown>} work */
async function report(page, browser, what, work) {
  await page.evaluate(() => {
    /** @type {any} */ (globalThis).frames.gaps.length = 0;
  });
  const started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1000;
  /** @type {number[]} */
  const gaps = await page.evaluate(() => /** @type {any} */ (globalThis).frames.gaps);
  const sorted = gaps.toSorted((a, b) => a - b);
  const [middle, late, longest] = [0.5, 0.99, 1].map((share) =>
    sorted[Math.ceil(share * sorted.length) - 1].toFixed(0),
  );
  const memory = await page.evaluate(() => /** @type {any} */ (performance).measureUserAgentSpecificMemory());
  const peak = await residentPeak(browser);
  console.log(
    `million, ${what}: ${seconds.toFixed(1)} s; gaps between frames: median ${middle}, p99 ${late}, longest ${longest} ms (${(gaps.length / seconds).toFixed(0)} a second); ` +
      `memory ${(memory.bytes / 2 ** 20).toFixed(0)} MiB by the page, its process at most ${peak}`,
  );
}

/** The most that any process of a page has had resident, on Linux. @param {import('playwright-core').Browser} browser */
async function residentPeak(browser) {
  const devtools = await browser.newBrowserCDPSession();
  const { processInfo } = await devtools.send('SystemInfo.getProcessInfo');
  await devtools.detach();
  const peaks = processInfo
    .filter(({ type }) => type === 'renderer')
    .map(({ id }) => {
      try {
        return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1] ?? 0) / 1024;
      } catch {
        return 0;
      }
    });
  return peaks.some(Boolean) ? `${Math.max(...peaks).toFixed(0)} MiB` : 'unknown';
}

/** @param {Studio} studio */
async function size({ open, asked }) {
  const page = await open('');
  await page.getByRole('button', { name: 'Toy' }).waitFor();
  await page.waitForLoadState('networkidle');
  const files = readdirSync(join(site, 'assets'));
  const first = files.filter((file) => asked.has(`/assets/${file}`));
  const groups = {
    'asked for by opening, the page': first.filter((file) => /^index-/.test(file)),
    'asked for by opening, its worker': first.filter((file) => !/^index-/.test(file)),
    'loaded when needed': files.filter((file) => file.endsWith('.js') && !first.includes(file)),
  };
  for (const [name, names] of Object.entries(groups)) {
    const bytes = names.reduce((sum, file) => sum + gzipSync(readFileSync(join(site, 'assets', file))).length, 0);
    console.log(`size, ${name}: ${(bytes / 1000).toFixed(1)} kB with gzip (${names.join(', ')})`);
  }
  await page.context().close();
}

/** @param {Page} page */
async function load(page) {
  await page.getByRole('button', { name: 'Load the data' }).click();
  await page.getByRole('heading', { name: 'The long tail' }).waitFor({ timeout: 300_000 });
}

/** @param {Page} page @param {() => boolean} test */
async function shown(page, test) {
  await page.waitForFunction(test, undefined, { timeout: 300_000 });
}

/** Median, least and greatest. @param {readonly number[]} all */
function spread(all) {
  const [middle, least, greatest] = [median(all), Math.min(...all), Math.max(...all)].map((one) => one.toFixed(0));
  return `${middle} (${least}–${greatest})`;
}
