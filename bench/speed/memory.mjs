import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gowallaFolder } from './data.mjs';
import { inTemporaryFolder } from './temporary.mjs';

/**
 * Peak resident memory of the command line from the file to the saved model and its test metrics, one process per case. More epochs do not raise it: two are enough.
 * @param {import('./report.mjs').BenchOptions} options
 * @returns {Promise<import('./report.mjs').Report[]>}
 */
export async function run({ quick, seed }) {
  const title = 'peak memory of `taurec train` on gowalla, d 64';
  const data = gowallaFolder();
  if (!data) return [{ title, rows: [], notes: ['skipped: TAUREC_DATA has no gowalla'] }];
  const rows = await inTemporaryFolder(async (folder) => {
    const measured = [];
    for (const threads of quick ? [2] : [1, 2]) {
      for (const [what, flags] of Object.entries({
        'whole training file': [],
        '10% for validation': ['--valid-ratio', '0.1'],
      })) {
        const loss = ['--loss', 'sl', '--tau', '0.1'];
        const files = ['--train', fileOf(data, 'train'), '--test', fileOf(data, 'test')];
        const model = join(folder, `model-${measured.length}`);
        const run = [
          '--epochs',
          quick ? '1' : '2',
          '--seed',
          String(seed),
          '--threads',
          String(threads),
          '--out',
          model,
          '--json',
        ];
        const started = performance.now();
        const peak = await peakOf(['train', ...files, ...flags, ...loss, ...run], join(folder, 'peak'));
        measured.push({ what, threads, 'peak MiB': peak / 2 ** 20, seconds: (performance.now() - started) / 1000 });
      }
    }
    return measured;
  });
  const notes = [
    `node alone: ${((await inTemporaryFolder((folder) => peakOf(['--version'], join(folder, 'peak')))) / 2 ** 20).toFixed(0)} MiB`,
  ];
  return [{ title, rows, notes }];
}

/**
 * Runs taurec with the given arguments; returns its peak resident memory in bytes.
 * @param {string[]} commandLine
 * @param {string} file where report-peak.mjs writes it
 */
async function peakOf(commandLine, file) {
  const program = join(import.meta.dirname, '../../dist/programs/taurec.js');
  const preload = ['--import', new URL('./report-peak.mjs', import.meta.url).href];
  await promisify(execFile)(process.execPath, [...preload, program, ...commandLine], {
    env: { ...process.env, TAUREC_BENCH_PEAK: file },
  });
  return Number(await readFile(file, 'utf8'));
}

/**
 * The file of a part, whatever its format.
 * @param {string} folder
 * @param {'train' | 'test'} part
 */
function fileOf(folder, part) {
  return join(folder, readdirSync(folder).find((name) => name.startsWith(`${part}.`)) ?? `${part}.tsv.gz`);
}
