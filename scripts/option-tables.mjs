/**
 * Keeps the option tables of docs/command-line.md equal to the help texts: after a build, `node scripts/option-tables.mjs` writes them; a test compares them.
 * A table is between `<!-- options: NAME -->` and `<!-- end -->`, where NAME is a command (or a subcommand such as `recipe list`), or a heading that several commands share.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';

export const documentFile = fileURLToPath(new URL('../docs/command-line.md', import.meta.url));
export const commandNames = [
  ...[
    'train',
    'update',
    'evaluate',
    'recommend',
    'explain',
    'similar',
    'items',
    'index',
    'compare',
    'export',
    'import',
    'catalogue',
    'compress',
    'info',
  ],
  ...[
    'experiment',
    'recipe list',
    'recipe run',
    'recipe check',
    'serve',
    'studio',
    'publish',
    'versions',
    'rollback',
    'nightly',
    'analytics',
    'forget',
    'tune',
    'worker',
    'generate',
    'demo',
    'completion',
  ],
];
/** Commands whose file has another name: index.ts would be the folder's entry. */
const fileNames = { index: 'index-model' };

/** Headings whose options are in one table for all commands. */
const sharedHeadings = ['Reading data', 'Common options'];

/** @typedef {import('commander').Option} Option */

/** Returns the text with every table replaced by the current one. @param {string} text */
export async function withTables(text) {
  const commands = await Promise.all(commandNames.map(load));
  return text.replace(/(<!-- options: (.+?) -->\n)[\s\S]*?(<!-- end -->)/g, (_, begin, name, end) => {
    const command = commands[commandNames.indexOf(name)];
    return `${begin}\n${command ? ownTables(command) : sharedTable(commands, name)}\n${end}`;
  });
}

/** A command with its options defined. @param {string} path name, or names of command and subcommand */
async function load(path) {
  const [name, inner] = path.split(' ');
  const { define } = await import(`../dist/cli/${fileNames[/** @type {'index'} */ (name)] ?? name}.js`);
  const command = new Command(name);
  define(command);
  const found = inner === undefined ? command : command.commands.find((one) => one.name() === inner);
  if (!found) throw new Error(`There is no command "${path}".`);
  return found;
}

/** One table per heading of a command, without the shared headings. @param {Command} command */
export function ownTables(command) {
  const own = command.options.filter((option) => !sharedHeadings.includes(headingOf(option)));
  const headings = [...new Set(own.map(headingOf))];
  return headings
    .map((heading) => {
      const rows = own.filter((option) => headingOf(option) === heading).map((option) => [flags(option), help(option)]);
      const title = heading === 'Options' ? '' : `**${heading}**\n\n`;
      return title + table(['option', 'meaning'], rows);
    })
    .join('\n');
}

/** The table of a shared heading: its options, each with the commands that accept it. @param {Command[]} commands @param {string} heading */
function sharedTable(commands, heading) {
  /** @type {Map<string, string[]>} */
  const rows = new Map();
  for (const [index, command] of commands.entries()) {
    for (const option of command.options.filter((one) => headingOf(one) === heading)) {
      const row = rows.get(option.flags) ?? [flags(option), help(option), ''];
      rows.set(option.flags, [row[0], row[1], row[2] ? `${row[2]}, ${commandNames[index]}` : commandNames[index]]);
    }
  }
  if (rows.size === 0) throw new Error(`No command has options under "${heading}".`);
  return table(['option', 'meaning', 'commands'], [...rows.values()]);
}

/** @param {Option} option */
function headingOf(option) {
  return (option.helpGroupHeading ?? 'Options:').replace(/:$/, '');
}

/** @param {Option} option */
function flags(option) {
  return `\`${option.flags}\`${option.mandatory ? ' (needed)' : ''}`;
}

/** @param {Option} option */
function help({ description, argChoices, defaultValue }) {
  // The help of a declared option ends with its default.
  const [, text, declared] = /^(.*?)( \(default: [^()]*\))?$/.exec(description) ?? [];
  const choices = argChoices ? `: ${argChoices.map((choice) => `\`${choice}\``).join(', ')}` : '';
  const byDefault =
    defaultValue === undefined || typeof defaultValue === 'boolean' ? (declared ?? '') : ` (default: ${defaultValue})`;
  return `${text}${choices}${byDefault}`.replaceAll('<', '&lt;');
}

/** @param {string[]} head @param {string[][]} rows */
function table(head, rows) {
  const line = (/** @type {string[]} */ cells) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(documentFile, await withTables(readFileSync(documentFile, 'utf8')));
}
