import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { TaurecError } from '../errors.ts';
import type { FeedbackLog } from '../feedback/feedback-log.ts';
import { type LogLevel, logLevels } from '../server/log.ts';
import { type RunningServer, serve } from '../server/serve.ts';
import { addCommonOptions, addExamples, type CommonOptions } from './common-options.ts';
import { engineOptions } from './engine-options.ts';
import { ONE_SIGNAL_MS } from './interrupt.ts';
import { note, printJson } from './output.ts';
import { number, whole } from './parse.ts';

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

export function define(command: Command): void {
  command
    .argument('<model>', 'the folder of a model')
    .option('--host <address>', 'where to listen', '127.0.0.1')
    .option('-p, --port <number>', 'where to listen; 0: a free port', whole(0), 8080)
    .addOption(new Option('--index <name>', 'how items are found').choices(['exact', 'approximate']));
  command.option(
    '--feedback <place>',
    'keep what POST /v1/feedback brings: sqlite:PATH, a path ending in .db, or postgres://…',
  );
  command.optionsGroup('Who may ask:');
  command
    .option('--token-file <file>', 'a file with the token that clients must bring (or $TAUREC_TOKEN)')
    .option('--cors <origin...>', 'origins whose pages may call from a browser; * for all (default: none)')
    .option('--allowed-hosts <name...>', 'names of this server besides localhost, where it has no token');
  command.optionsGroup('Limits:');
  command
    .option('--max-k <number>', 'largest k of a request (default: 1000)', whole(1))
    .option('--body-limit <bytes>', 'most bytes in the body of a request (default: 1048576)', whole(1))
    .option('--queue-limit <number>', 'requests that may wait to be scored (default: 1024)', whole(1))
    .option('--max-connections <number>', 'connections at once (default: 1024)', whole(1))
    .option('--deadline <seconds>', 'give a request up after (default: 10)', number)
    .option('--headers-timeout <seconds>', 'a client may take this for the head of a request (default: 10)', number)
    .option('--request-timeout <seconds>', 'a client may take this for a whole request (default: 30)', number);
  command.optionsGroup('Running:');
  command
    .option('--reload-interval <seconds>', 'look for a newer model; 0: never (default: 2)', number)
    .option('--shutdown-timeout <seconds>', 'requests may take this to end (default: 10)', number)
    .addOption(new Option('--log-level <level>', 'least serious lines of the log (default: info)').choices(logLevels));
  command.option('--threads <number>', "threads that score (default: the machine's cores without one)", whole(1));
  addCommonOptions(command, 'engine', 'json', 'quiet');
  addExamples(
    command,
    'taurec serve model',
    'taurec serve model --feedback feedback.db',
    'taurec serve model --port 9000 --token-file token.txt --host 0.0.0.0',
    "curl 'http://127.0.0.1:8080/v1/users/42/recommendations?k=5'",
  );
  command.action((model: string, flags: ServeFlags) => run(model, flags));
}

async function run(model: string, flags: ServeFlags): Promise<void> {
  const { json, quiet, tokenFile, feedback: place, logLevel = quiet ? 'warn' : 'info', ...rest } = flags;
  const token = tokenFile === undefined ? process.env.TAUREC_TOKEN : await readToken(tokenFile);
  const signals = new Signals();
  const feedback = place === undefined ? undefined : await openLog(place);
  const server = await serve(model, { ...rest, ...engineOptions(flags), token, feedback, logLevel });
  if (json) printJson({ url: server.url, pid: process.pid, model: server.model });
  // Elsewhere standard error is the log, every line of it JSON; it says the same.
  else if (!quiet && process.stderr.isTTY)
    note(`Serving ${model} at ${server.url}; the API is described at ${server.url}/docs. Ctrl-C stops.`);
  await signals.attend(server);
}

/** Loaded when asked for: databases take a while. */
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

/** SIGHUP opens the model again, SIGINT and SIGTERM close the server, one that comes a second or more later ends the program at once. */
class Signals {
  #server?: RunningServer;
  #stopped?: () => void;
  /** When the first signal came. */
  #asked?: number;

  constructor() {
    const stop = (signal: NodeJS.Signals) => {
      const now = performance.now();
      if (this.#asked !== undefined && now - this.#asked < ONE_SIGNAL_MS) return;
      if (this.#asked !== undefined || !this.#server) process.exit(signal === 'SIGINT' ? 130 : 143);
      this.#asked = now;
      this.#stopped?.();
    };
    process.on('SIGINT', stop).on('SIGTERM', stop);
    process.on('SIGHUP', () => void this.#server?.reload());
  }

  /** Resolves when the server is closed. */
  async attend(server: RunningServer): Promise<void> {
    this.#server = server;
    await new Promise<void>((resolve) => {
      this.#stopped = resolve;
    });
    await server.close();
  }
}
