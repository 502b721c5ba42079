import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { TaurecError } from '../errors.ts';
import type { FeedbackLog } from '../feedback/feedback-log.ts';
import { type LogLevel, logLevels } from '../server/log.ts';
import { type RunningServer, serve } from '../server/serve.ts';
import { addCommonOptions, addExamples, type CommonOptions, engineOptions } from './common-options.ts';
import { number, whole } from './parse.ts';
import type { Terminal } from './terminal.ts';

interface ServeFlags extends CommonOptions {
  host: string;
  port: number;
  feedback?: string;
  tokenFile?: string;
  cors?: string[];
  allowedHosts?: string[];
  maxK?: number;
  bodyLimit?: number;
  queueLimit?: number;
  maxConnections?: number;
  deadline?: number;
  headersTimeout?: number;
  requestTimeout?: number;
  reloadInterval?: number;
  shutdownTimeout?: number;
  index?: 'exact' | 'approximate';
  logLevel?: LogLevel;
}

export function define(command: Command, terminal: Terminal): void {
  command
    .argument('<model>', 'model folder')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('-p, --port <number>', 'port to listen on; 0 picks a free one', whole(0), 8080)
    .addOption(
      new Option('--index <name>', 'search method (approximate needs taurec index)').choices(['exact', 'approximate']),
    );
  command.option(
    '--feedback <place>',
    'store feedback from POST /v1/feedback: sqlite:PATH, a path ending in .db, or postgres://…',
  );
  command.optionsGroup('Access:');
  command
    .option('--token-file <file>', 'file with the bearer token clients must send (or $TAUREC_TOKEN)')
    .option('--cors <origin...>', 'origins allowed to call from a browser; * for all (default: none)')
    .option('--allowed-hosts <name...>', 'host names accepted besides localhost when no token is set');
  command.optionsGroup('Limits:');
  command
    .option('--max-k <number>', 'maximum k of a request (default: 1000)', whole(1))
    .option('--body-limit <bytes>', 'maximum size of a request body (default: 1048576)', whole(1))
    .option('--queue-limit <number>', 'maximum number of requests waiting to be scored (default: 1024)', whole(1))
    .option('--max-connections <number>', 'maximum number of open connections (default: 1024)', whole(1))
    .option('--deadline <seconds>', 'time limit for answering a request (default: 10)', number)
    .option('--headers-timeout <seconds>', 'time limit for receiving request headers (default: 10)', number)
    .option('--request-timeout <seconds>', 'time limit for receiving a whole request (default: 30)', number);
  command.optionsGroup('Running:');
  command
    .option('--reload-interval <seconds>', 'interval of checks for a newer model; 0: never (default: 2)', number)
    .option('--shutdown-timeout <seconds>', 'seconds to wait for running requests on shutdown (default: 10)', number)
    .addOption(new Option('--log-level <level>', 'log level (default: info)').choices(logLevels));
  command.option('--threads <number>', 'scoring threads (default: all cores but one)', whole(1));
  addCommonOptions(command, 'engine', 'json', 'quiet');
  addExamples(
    command,
    'taurec serve model',
    'taurec serve model --feedback feedback.db',
    'taurec serve model --port 9000 --token-file token.txt --host 0.0.0.0',
    "curl 'http://127.0.0.1:8080/v1/users/42/recommendations?k=5'",
  );
  command.action((model: string, flags: ServeFlags) => run(terminal, model, flags));
}

async function run(terminal: Terminal, model: string, flags: ServeFlags): Promise<void> {
  const { json, quiet, tokenFile, feedback: place, logLevel = quiet ? 'warn' : 'info', ...rest } = flags;
  const token = tokenFile === undefined ? terminal.env.TAUREC_TOKEN : await readToken(tokenFile);
  let server: RunningServer | undefined;
  terminal.onHangup(() => void server?.reload());
  const feedback = place === undefined ? undefined : await openLog(place);
  const { writeLog, begin } = logTo(terminal);
  server = await serve(model, { ...rest, ...engineOptions(flags), token, feedback, logLevel, writeLog });
  if (json) terminal.printJson({ url: server.url, pid: process.pid, model: server.model });
  // Where standard error is no terminal, the first line of the log says the same.
  else if (!quiet && terminal.stderr.isTTY)
    terminal.note(`Serving ${model} at ${server.url}; API documentation: ${server.url}/docs. Ctrl-C stops.`);
  begin();
  await terminal.interruptible(async (signal) => {
    if (!signal.aborted) await once(signal, 'abort');
  });
  await server.close();
}

/** The server's log: readable lines on a terminal, held back until `begin`; JSON lines elsewhere. The server itself writes to the standard error of the process. */
function logTo({ stderr }: Terminal): { writeLog?: (line: string) => void; begin: () => void } {
  if (!stderr.isTTY) {
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

/** A line of the log for people: time, level of warnings and errors, message or request, other facts. */
function readable(line: string): string {
  const { time, level, msg, method, path, status, ...facts } = JSON.parse(line) as Record<string, unknown>;
  if (msg === 'listening') return '';
  const serious = Number(level) >= 50 ? 'error:' : Number(level) >= 40 ? 'warning:' : '';
  const others = Object.entries(facts).map(
    ([name, fact]) => `${name} ${typeof fact === 'string' ? fact : JSON.stringify(fact)}`,
  );
  const text = [String(time).slice(11, 19), serious, msg, method, path, status, others.join(', ')];
  return `${text.filter((part) => part !== undefined && part !== '').join(' ')}\n`;
}

/** Loaded when needed: databases take a while to load. */
async function openLog(place: string): Promise<FeedbackLog> {
  return (await import('../feedback/open-feedback.ts')).openFeedback(place);
}

/** The first line of a file. Throws `file-not-found`. */
async function readToken(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause) => {
    throw new TaurecError('file-not-found', { file }, { cause });
  });
  return text.split(/\r?\n/, 1)[0]!.trim();
}
