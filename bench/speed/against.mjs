import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { median } from './timing.mjs';

/** @typedef {Record<string, import('./report.mjs').Report[]>} Sections */

/**
 * Runs sections of this checkout and of another one in turn (A B A B …), each in a new process with the benchmark program of its checkout, and compares every figure that
 * both print: in each round this checkout's divided by the other's, then the median, the least and the greatest of these ratios.
 * @param {string} other folder of the other checkout, built
 * @param {string[]} sections
 * @param {{ quick: boolean, seed: string, rounds: number }} options
 * @returns {Promise<import('./report.mjs').Report[]>}
 */
export async function compareWith(other, sections, { quick, seed, rounds }) {
  const folders = [join(import.meta.dirname, '../..'), resolve(other)];
  const programArguments = [...sections, '--json', '--seed', seed, ...(quick ? ['--quick'] : [])];
  /** @type {Map<string, [number, number][]>} */
  const figures = new Map();
  for (let round = 0; round < rounds; round++) {
    process.stderr.write(`round ${round + 1} of ${rounds}\n`);
    /** @type {Map<string, number>[]} */
    const both = [];
    for (const folder of folders) both.push(figuresOf(await runBench(folder, programArguments)));
    for (const [key, value] of both[0]) {
      const against = both[1].get(key);
      if (against === undefined) continue;
      if (!figures.has(key)) figures.set(key, []);
      figures.get(key)?.push([value, against]);
    }
  }
  return sections.map((section) => ({
    title: `${section}: this checkout / ${other}, ${rounds} rounds in turn`,
    rows: rowsOf(section, figures),
  }));
}

/**
 * Runs the benchmark program of a checkout and returns its sections.
 * @param {string} folder
 * @param {string[]} programArguments
 * @returns {Promise<Sections>}
 */
function runBench(folder, programArguments) {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [join(folder, 'bench/main.mjs'), ...programArguments], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    /** @type {Buffer[]} */
    const output = [];
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.on('error', fail);
    child.on('close', (code) => {
      if (code !== 0) fail(new Error(`${folder}: bench/main.mjs ended with code ${code}`));
      else done(JSON.parse(Buffer.concat(output).toString()).sections);
    });
  });
}

/**
 * The numbers of all rows by section, row and column. Texts name a row; rows with equal texts are counted.
 * @param {Sections} sections
 */
export function figuresOf(sections) {
  /** @type {Map<string, number>} */
  const figures = new Map();
  for (const [section, reports] of Object.entries(sections)) {
    for (const { rows } of reports) {
      /** @type {Map<string, number>} */
      const seen = new Map();
      for (const row of rows) {
        const { threads, ...cells } = row;
        const texts = Object.values(cells).filter((cell) => typeof cell === 'string' && !/^[\d.]+×$/.test(cell));
        const name = [...texts, ...(threads === undefined ? [] : [`${threads} threads`])].join(', ');
        const count = (seen.get(name) ?? 0) + 1;
        seen.set(name, count);
        for (const [column, cell] of Object.entries(cells)) {
          if (typeof cell !== 'number') continue;
          figures.set(JSON.stringify([section, count > 1 ? `${name} (${count})` : name, column]), cell);
        }
      }
    }
  }
  return figures;
}

/**
 * The rows of a section's comparison, without figures that are equal in all rounds: sizes and counts.
 * @param {string} section
 * @param {Map<string, [number, number][]>} figures
 */
function rowsOf(section, figures) {
  /** @type {import('./report.mjs').Row[]} */
  const rows = [];
  for (const [key, pairs] of figures) {
    const [of, what, figure] = JSON.parse(key);
    if (of !== section || pairs.every(([own, other]) => own === other)) continue;
    const ratios = pairs.map(([own, other]) => own / other);
    rows.push({
      what,
      figure,
      'this, median': median(pairs.map(([own]) => own)),
      'other, median': median(pairs.map(([, other]) => other)),
      ratio: median(ratios),
      least: Math.min(...ratios),
      greatest: Math.max(...ratios),
    });
  }
  return rows;
}
