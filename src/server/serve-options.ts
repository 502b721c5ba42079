import * as z from 'zod';
import { runShape } from '../engine/run-options.ts';
import { TaurecError } from '../errors.ts';
import type { FeedbackLog } from '../feedback/feedback-log.ts';
import { checkOptions, type DeclaredOption, declaredOptions, oneOf, option, textWhere, whole } from '../option.ts';
import { isHostName } from './access.ts';
import { logLevels } from './log.ts';

/** Seconds that a timer can wait at most: its milliseconds are a 32-bit number. */
const LONGEST = 2_000_000;
const numberFrom = (least: number, most: number) => {
  const error = `a number from ${least} to ${most}`;
  return z.number({ error }).min(least, { error }).max(most, { error });
};
const timeLimit = numberFrom(0.001, LONGEST);
const interval = numberFrom(0, LONGEST);

const access = 'Access:';
const limits = 'Limits:';
const running = 'Running:';

/** Every option of the server, declared once. Times are in seconds. */
export const serveShape = {
  /** Address to listen on. Default 127.0.0.1: reachable from this machine only. */
  host: option(z.string({ error: 'an address' }).default('127.0.0.1'), {
    flag: '--host <address>',
    help: 'address to listen on',
  }),
  /** Port to listen on; 0: a free one. Default 8080. */
  port: option(whole(0, 65_535).default(8080), {
    flag: '-p, --port <number>',
    help: 'port to listen on; 0 picks a free one',
  }),
  /** Search for the best items: `exact` scores all of them. Default `exact`. */
  index: option(oneOf(['exact', 'approximate']).optional(), {
    flag: '--index <name>',
    help: 'search method (approximate needs taurec index)',
  }),
  /** Log that stores feedback; the server closes it on shutdown. Absent: feedback is refused. */
  feedback: option(
    z.custom<FeedbackLog>((value) => typeof value === 'object', { error: 'a feedback log' }).optional(),
    {
      flag: '--feedback <place>',
      help: 'store feedback from POST /v1/feedback: sqlite:PATH, a path ending in .db, or postgres://…',
    },
  ),
  /** Bearer token that clients must send; without it they only get health and readiness. Absent: no token is needed. */
  token: option(
    z
      .string({ error: 'a text' })
      .regex(/^[\x21-\x7e]{16,4096}$/, { error: 'at least 16 visible ASCII characters, without spaces' })
      .optional(),
    {
      group: access,
      secret: true,
      flag: '--token-file <file>',
      help: 'file with the bearer token clients must send (or $TAUREC_TOKEN)',
    },
  ),
  /** Origins whose pages may call the API from a browser; `*`: all. Default: none. */
  cors: option(
    z
      .array(textWhere('* or an origin such as https://shop.example', (x) => x === '*' || originOf(x) === x))
      .readonly()
      .default([]),
    { group: access, flag: '--cors <origin...>', help: 'origins allowed to call from a browser; * for all' },
  ),
  /** Further `Host` names that a server on loopback without a token accepts, for proxies that keep the `Host` of requests. Addresses and `localhost` are always accepted. Default: none. */
  allowedHosts: option(z.array(textWhere('a name such as shop.example', isHostName)).readonly().default([]), {
    group: access,
    flag: '--allowed-hosts <name...>',
    help: 'host names accepted besides localhost when no token is set',
  }),
  /** Largest k of a request. Default 1000. */
  maxK: option(whole(1, 100_000).default(1000), {
    group: limits,
    flag: '--max-k <number>',
    help: 'maximum k of a request',
  }),
  /** Most bytes in the body of a request. Default 1048576. */
  bodyLimit: option(whole(1, 1024 ** 3).default(1024 * 1024), {
    group: limits,
    flag: '--body-limit <bytes>',
    help: 'maximum size of a request body',
  }),
  /** Requests that may wait to be scored; more get 503. Default 1024. */
  queueLimit: option(whole(1, 1_000_000).default(1024), {
    group: limits,
    flag: '--queue-limit <number>',
    help: 'maximum number of requests waiting to be scored',
  }),
  /** Maximum number of open connections. Default 1024. */
  maxConnections: option(whole(1, 1_000_000).default(1024), {
    group: limits,
    flag: '--max-connections <number>',
    help: 'maximum number of open connections',
  }),
  /** Time limit for a response; after it the request gets 504. Default 10. */
  deadline: option(timeLimit.default(10), {
    group: limits,
    flag: '--deadline <seconds>',
    help: 'time limit for answering a request',
  }),
  /** Time limit for the head of a request. Default 10. */
  headersTimeout: option(timeLimit.default(10), {
    group: limits,
    flag: '--headers-timeout <seconds>',
    help: 'time limit for receiving request headers',
  }),
  /** Time limit for a whole request to arrive. Default 30. */
  requestTimeout: option(timeLimit.default(30), {
    group: limits,
    flag: '--request-timeout <seconds>',
    help: 'time limit for receiving a whole request',
  }),
  /** Interval of checks for a newer model in the directory; 0: none. Default 2. */
  reloadInterval: option(interval.default(2), {
    group: running,
    flag: '--reload-interval <seconds>',
    help: 'interval of checks for a newer model; 0: never',
  }),
  /** Time to wait for running requests on shutdown. Default 10. */
  shutdownTimeout: option(interval.default(10), {
    group: running,
    flag: '--shutdown-timeout <seconds>',
    help: 'seconds to wait for running requests on shutdown',
  }),
  /** Default `info`: one line for each request. */
  logLevel: option(oneOf(logLevels).default('info'), {
    group: running,
    flag: '--log-level <level>',
    help: 'log level',
  }),
  /** Receives each line of the log. Default: standard error. */
  writeLog: option(
    z.custom<(line: string) => void>((value) => typeof value === 'function', { error: 'a function' }).optional(),
    {
      help: 'receiver of log lines',
    },
  ),
  /** Threads that score. Default: the machine's cores without one, at least 1, at most 16. */
  threads: option(whole(1, 256).optional(), {
    group: running,
    flag: '--threads <number>',
    help: 'scoring threads (default: all cores but one)',
  }),
  /** Engine for scoring. Default `auto`: the fastest that this machine runs. */
  engine: runShape.engine,
};

const schema = z.object(serveShape);

/** Every option of the server with its path. */
export const serveOptions: readonly DeclaredOption[] = declaredOptions(serveShape);

/** Options of the server. Each has a default; times are in seconds. */
export type ServeOptions = Readonly<z.input<typeof schema>>;
export type CheckedOptions = Readonly<z.output<typeof schema>>;

/** The options with their defaults. Throws `bad-option`, `unknown-name`. */
export function checkServeOptions(options: ServeOptions): CheckedOptions {
  const checked = checkOptions(schema, options, { logLevel: 'log level', engine: 'engine' });
  if (checked.headersTimeout > checked.requestTimeout) {
    const expected = `at most requestTimeout, ${checked.requestTimeout}`;
    throw new TaurecError('bad-option', { option: 'headersTimeout', got: checked.headersTimeout, expected });
  }
  return checked;
}

function originOf(text: string): string | undefined {
  try {
    return new URL(text).origin;
  } catch {
    return undefined;
  }
}
