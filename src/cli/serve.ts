import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { TaurecError } from '../errors.ts';
import type { FeedbackLog } from '../feedback/feedback-log.ts';
import { type Scope, type ScopedToken, scopes } from '../server/access.ts';
import type { RunningServer, ServedModels, ServeOptions } from '../server/serve.ts';
import { serveOptions } from '../server/serve-options.ts';
import { startServer } from '../server/start-server.ts';
import { addCommonOptions, addExamples, type CommonOptions, engineOptions } from './common-options.ts';
import { addDeclaredFlags, type Readers } from './declared-flags.ts';
import { UsageError } from './failure.ts';
import { visible } from './output.ts';
import { jsonObject, jsonOrFile, number, words } from './parse.ts';
import type { Terminal } from './terminal.ts';

/** Flags of `taurec serve`. The library takes a token and an open feedback log; the flags name a file and a place instead. */
interface ServeFlags
  extends Omit<ServeOptions, 'threads' | 'engine' | 'token' | 'tokens' | 'userKey' | 'feedback' | 'writeLog'>,
    Omit<CommonOptions, 'seed'> {
  feedback?: string;
  tokenFile?: string;
  userKeyFile?: string;
  studio?: boolean;
}

export function define(command: Command, terminal: Terminal): void {
  command.argument('<model...>', 'model folder, or several as NAME=FOLDER');
  addDeclaredFlags(command, serveOptions, {
    where: jsonObject,
    filters: namedFilter as Readers[string],
    split: shares,
    events: jsonOrFile,
  });
  command.optionsGroup('Options:');
  command.option(
    '--studio',
    'add the page of the studio at /studio: lists with reasons, requests, analytics, versions',
  );
  addCommonOptions(command, 'engine', 'json', 'quiet');
  addExamples(
    command,
    'taurec serve model',
    'taurec serve model --feedback feedback.db --events events.json',
    `taurec serve model --catalogue items.csv --where '{"available":true}'`,
    'taurec serve model --port 9000 --token-file token.txt --host 0.0.0.0',
    'taurec serve a=models/a b=models/b --split a=90,b=10',
    "curl 'http://127.0.0.1:8080/v1/users/42/recommendations?k=5'",
  );
  command.action((models: string[], flags: ServeFlags) => run(terminal, modelsOf(models), flags));
}

/** Parses `name={…}` and adds it to the filters of the earlier occurrences of the flag. */
function namedFilter(text: string, before: Record<string, object> = {}): Record<string, object> {
  const at = text.indexOf('=');
  return { ...before, [text.slice(0, Math.max(at, 0))]: jsonObject(text.slice(at + 1)) };
}

/** Parses `a=90,b=10`. */
function shares(text: string): Record<string, number> {
  const pairs = words(text).map((word): [string, number] => {
    const [name, share, ...rest] = word.split('=');
    if (!name || share === undefined || rest.length > 0) throw new InvalidArgumentError('Expected shares: a=90,b=10.');
    return [name, number(share)];
  });
  if (new Set(pairs.map(([name]) => name)).size < pairs.length)
    throw new InvalidArgumentError('Expected distinct names.');
  return Object.fromEntries(pairs);
}

/** The models of the arguments: a folder, or `NAME=FOLDER` for each of several. A folder whose path looks like that is written `./NAME=FOLDER`. */
function modelsOf(given: readonly string[]): ServedModels {
  const pairs = given.map((text) => /^([A-Za-z0-9_-]{1,64})=(.+)$/s.exec(text));
  if (given.length === 1 && !pairs[0]) return given[0]!;
  const unnamed = given.find((_, at) => !pairs[at]);
  if (unnamed !== undefined)
    throw new UsageError(`Several models need names, as in a=models/a b=models/b; got "${unnamed}" without one.`);
  const names = pairs.map((pair) => pair![1]!);
  const twice = names.find((name, at) => names.indexOf(name) < at);
  if (twice !== undefined) throw new UsageError(`Two models have the name ${twice}; each needs its own.`);
  return Object.fromEntries(pairs.map((pair) => [pair![1]!, pair![2]!]));
}

async function run(terminal: Terminal, models: ServedModels, flags: ServeFlags): Promise<void> {
  const {
    json,
    quiet,
    studio,
    tokenFile,
    userKeyFile,
    feedback: place,
    logLevel = quiet ? 'warn' : 'info',
    ...rest
  } = flags;
  const keys = tokenFile === undefined ? { token: terminal.env.TAUREC_TOKEN } : await readTokens(tokenFile);
  const userKey =
    userKeyFile === undefined
      ? terminal.env.TAUREC_USER_KEY
      : (await readText(userKeyFile)).split(/\r?\n/, 1)[0]!.trim();
  // A hangup during the start must not end the process, so the listener exists before the server.
  let server: RunningServer | undefined;
  terminal.onHangup(() => void server?.reload());
  const feedback = place === undefined ? undefined : await openLog(place);
  const { writeLog, begin } = logTo(terminal);
  // The page is loaded only for this.
  const more = studio ? await (await import('../studio/server/served-studio.ts')).servedStudio() : undefined;
  const options = { ...rest, ...engineOptions(flags), ...keys, userKey, feedback, logLevel, writeLog };
  server = await startServer(models, options, more);
  const several = typeof models !== 'string' && { models: server.models };
  if (json) terminal.printJson({ url: server.url, pid: process.pid, model: server.model, ...several });
  // Without a terminal the first line of the log names the address.
  else if (!quiet && terminal.stderr.isTTY)
    terminal.note(
      `Serving ${typeof models === 'string' ? models : Object.values(models).join(', ')} at ${server.url}; API documentation: ${server.url}/docs${studio ? `, studio: ${server.url}/studio` : ''}. Ctrl-C stops.`,
    );
  begin();
  // Runs until the signal; `once` would wait for ever on a signal that has already fired.
  await terminal.interruptible(async (signal) => {
    if (!signal.aborted) await once(signal, 'abort');
  });
  await server.close();
}

/** The writer of the server's log. On a terminal it writes readable lines, held back until `begin` so that the address is printed first. Elsewhere it writes JSON lines. */
function logTo({ stderr }: Terminal): { writeLog?: (line: string) => void; begin: () => void } {
  if (!stderr.isTTY) {
    // Without `writeLog` the server writes to the standard error of the process itself.
    if (stderr.fd === 2) return { begin: () => {} };
    return { writeLog: (line) => void stderr.write(line), begin: () => {} };
  }
  let waiting: string[] | undefined = [];
  const writeLog = (line: string) => {
    if (waiting) waiting.push(line);
    else stderr.write(readable(line));
  };
  const begin = () => {
    for (const line of waiting?.splice(0) ?? []) stderr.write(readable(line));
    waiting = undefined;
  };
  return { writeLog, begin };
}

/** A log line for people: time, level (of warnings and errors only), message or request, other facts. '' for the line that repeats the address. */
function readable(line: string): string {
  const { time, level, msg, method, path, status, ...facts } = JSON.parse(line) as Record<string, unknown>;
  if (msg === 'listening') return '';
  // Levels as in pino: 40 warn, 50 error, 60 fatal.
  const serious = Number(level) >= 50 ? 'error:' : Number(level) >= 40 ? 'warning:' : '';
  const others = Object.entries(facts).map(
    ([name, fact]) => `${name} ${typeof fact === 'string' ? fact : JSON.stringify(fact)}`,
  );
  const text = [String(time).slice(11, 19), serious, msg, method, path, status, others.join(', ')];
  return `${visible(text.filter((part) => part !== undefined && part !== '').join(' '))}\n`;
}

/** Opens a feedback log. Its module is imported only here, because database clients are slow to load. */
async function openLog(place: string): Promise<FeedbackLog> {
  return (await import('../feedback/open-feedback.ts')).openFeedback(place);
}

/**
 * The tokens of a file: one per line, followed by its scopes (`public,read`). A first line without scopes has all of them.
 * @throws TaurecError `file-not-found`, `bad-option` for a later line without scopes, or with unknown ones
 */
async function readTokens(file: string): Promise<Pick<ServeOptions, 'token' | 'tokens'>> {
  const tokens: ScopedToken[] = [];
  let all: string | undefined;
  for (const [at, line] of (await readText(file)).split(/\r?\n/).entries()) {
    const [token, ...listed] = line.trim().split(/[\s,]+/);
    if (token === '' || token === undefined) {
      if (at === 0) all = '';
      continue;
    }
    if (at === 0 && listed.length === 0) {
      all = token;
      continue;
    }
    const unknown = listed.find((scope) => !(scopes as readonly string[]).includes(scope));
    if (listed.length === 0 || unknown !== undefined) {
      const got = unknown === undefined ? 'a token without scopes' : unknown;
      throw new TaurecError('bad-option', {
        option: '--token-file',
        got: `${got} in line ${at + 1}`,
        expected: `a token and its scopes, of ${scopes.join(', ')}`,
      });
    }
    tokens.push({ token, scopes: listed as Scope[] });
  }
  return { token: all, ...(tokens.length > 0 && { tokens }) };
}

/** @throws TaurecError `file-not-found` */
function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause) => {
    throw new TaurecError('file-not-found', { file }, { cause });
  });
}
