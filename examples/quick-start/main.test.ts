import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const here = import.meta.dirname;
const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const jiti = join(here, '../../node_modules/jiti/lib/jiti-cli.mjs');

test('the program of the README runs and prints three lists of three films', async () => {
  const source = readFileSync(join(here, 'main.ts'), 'utf8');
  for (const readme of ['README.md', '../../README.md']) {
    expect(readFileSync(join(here, readme), 'utf8')).toMatch(new RegExp(`\`\`\`[jt]s\n${escaped(source)}\`\`\``));
  }
  const folder = mkdtempSync(join(tmpdir(), 'taurec-quick-start-'));
  try {
    copyFileSync(join(here, 'likes.csv'), join(folder, 'likes.csv'));
    const { stdout } = await promisify(execFile)(process.execPath, [jiti, join(here, 'main.ts')], { cwd: folder });
    const films = Array.from(stdout.matchAll(/id: '(\w+: [\w ]+)'/g), (match) => match[1]!);
    expect(films).toHaveLength(9);
    const likes = readFileSync(join(here, 'likes.csv'), 'utf8').split('\n');
    const liked = likes.filter((line) => line.startsWith('4,')).map((line) => line.slice(2));
    expect(liked.length).toBeGreaterThan(3);
    for (const film of films.slice(0, 3)) expect(liked).not.toContain(film);
    for (const film of films.slice(3)) expect(film).not.toBe('Railway: Distant Lanterns');
    expect(films.slice(3, 6).filter((film) => film.startsWith('Railway')).length).toBeGreaterThanOrEqual(2);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
