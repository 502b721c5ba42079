import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandNames, documentFile, withTables } from '../../scripts/option-tables.mjs';
import { taurec } from '../cli/taurec.ts';

const document = readFileSync(documentFile, 'utf8');
const root = join(import.meta.dirname, '../..');

test('docs/command-line.md has the options of the program; to renew it: node scripts/option-tables.mjs', async () => {
  expect(await withTables(document)).toBe(document);
});

test.each(commandNames)('every flag that %s --help shows stands in the document', async (command) => {
  const { stdout: help } = await taurec(...command.split(' '), '--help');
  const flags = [...help.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, flag]) => flag);
  // A completion script is for a shell, not for JSON.
  expect(flags.includes('--json')).toBe(command !== 'completion');
  expect(flags.filter((flag) => !new RegExp(`\`[^\`]*${flag}[ \`]`).test(document))).toEqual([]);
  expect(document).toMatch(new RegExp(`^## ${command}\\n\\n    taurec ${command} `, 'm'));
});

test('every command and environment variable stands in the document', async () => {
  const { stdout: help } = await taurec('--help');
  const commands = [...help.matchAll(/^ {2}(\w+) \[options\]/gm)].map(([, name]) => name);
  expect(commands).toEqual([...new Set(commandNames.map((name) => name.split(' ')[0]))]);
  const folder = join(root, 'src/cli');
  const source = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  const variables = new Set(source.join('').match(/TAUREC_[A-Z_]+/g));
  expect(variables.size).toBeGreaterThan(0);
  for (const variable of variables) expect(document).toContain(`\`${variable}\``);
});
