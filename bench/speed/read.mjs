import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { csrRow } from '../../dist/extend.js';
import { readInteractions, syntheticDataset } from '../../dist/index.js';
import { inTemporaryFolder } from './temporary.mjs';
import { median, minimum, timeRounds } from './timing.mjs';

/**
 * Reading one log in every format. Reading encodes ids, merges duplicates and computes the digest.
 * @param {import('./report.mjs').BenchOptions} options
 * @returns {Promise<import('./report.mjs').Report[]>}
 */
export function run({ quick, seed }) {
  const interactions = quick ? 100_000 : 1_000_000;
  const { train } = syntheticDataset({
    users: interactions / 50,
    items: interactions / 200,
    interactions,
    testRatio: 0,
    seed,
  });
  return inTemporaryFolder(async (folder) => {
    const rows = [];
    for (const [name, write] of Object.entries(writers)) {
      const file = join(folder, name);
      await write(file, train, folder);
      let read = 0;
      const seconds = await timeRounds(quick ? 2 : 4, 1, async () => {
        const { report } = await readInteractions(file);
        read = report?.rows ?? 0;
        return read;
      });
      if (read !== interactions) throw new Error(`${name}: ${read} rows read, expected ${interactions}`);
      const { size } = await stat(file);
      rows.push({
        file: name,
        rows: read,
        MB: size / 1e6,
        'rows/s median': read / median(seconds),
        'rows/s best': read / minimum(seconds),
        'MB/s median': size / 1e6 / median(seconds),
      });
    }
    return [{ title: 'reading interactions (one process, file cached)', rows }];
  });
}

/** @typedef {import('../../dist/index.js').Csr} Csr */

/** @type {Record<string, (file: string, train: Csr, folder: string) => Promise<void>>} */
const writers = {
  'numbers.csv': (file, train) =>
    writeText(
      file,
      lines(train, 'user,item\n', (u, i) => `${u},${i}\n`),
    ),
  'numbers.csv.gz': (file, train) =>
    writeText(
      file,
      lines(train, 'user,item\n', (u, i) => `${u},${i}\n`),
    ),
  'texts.csv': (file, train) =>
    writeText(
      file,
      lines(train, 'user,item\n', (u, i) => `person-${u},thing ${i}\n`),
    ),
  'rated.tsv': (file, train) =>
    writeText(
      file,
      lines(train, 'user\titem\trating\ttimestamp\n', (u, i) => `${u}\t${i}\t${(i % 5) + 1}\t${1.7e9 + u}\n`),
    ),
  'numbers.jsonl': (file, train) =>
    writeText(
      file,
      lines(train, '', (u, i) => `{"user":${u},"item":${i}}\n`),
    ),
  'numbers.parquet': async (file, _train, folder) => {
    const connection = await (await DuckDBInstance.create()).connect();
    await connection.run(`COPY (FROM read_csv('${join(folder, 'numbers.csv')}')) TO '${file}' (FORMAT parquet)`);
    connection.closeSync();
  },
  'lightgcn.txt': (file, train) =>
    writeText(
      file,
      Array.from({ length: train.rows }, (_, u) => `${u} ${csrRow(train, u).join(' ')}\n`),
    ),
};

/**
 * One line per interaction, in chunks of about 64 KiB.
 * @param {Csr} train
 * @param {string} head
 * @param {(user: number, item: number) => string} line
 */
function* lines(train, head, line) {
  let text = head;
  for (let u = 0; u < train.rows; u++) {
    for (const item of csrRow(train, u)) text += line(u, item);
    if (text.length < 1 << 16) continue;
    yield text;
    text = '';
  }
  yield text;
}

/**
 * @param {string} file
 * @param {Iterable<string>} text
 */
async function writeText(file, text) {
  const packing = file.endsWith('.gz') ? [createGzip()] : [];
  await pipeline([Readable.from(text), ...packing, createWriteStream(file)]);
}
