import { basename, relative } from 'node:path';
import { withoutPasswords } from '../errors.ts';

/** A command of taurec as the person at this terminal can type it: `taurec`, `npx taurec` or `node dist/cli/main.js`, with quotes where a shell needs them; without the passwords of database URLs. */
export function commandLine(...args: readonly string[]): string {
  return [program(), ...args.map((arg) => quoted(withoutPasswords(arg)))].join(' ');
}

function program(): string {
  if (process.env.npm_command === 'exec') return 'npx taurec';
  const script = process.argv[1] ?? 'taurec';
  return basename(script) === 'main.js' ? `node ${quoted(relative('', script))}` : 'taurec';
}

function quoted(text: string): string {
  return /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
