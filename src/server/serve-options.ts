// The options of the server: types, bounds, defaults and flags, declared once for `serve`, `taurec serve` and the tables of the documentation.

import * as z from 'zod';
import { runShape } from '../engine/run-options.ts';
import { TaurecError } from '../errors.ts';
import type { FeedbackLog } from '../feedback/feedback-log.ts';
import { checkOptions, type DeclaredOption, declaredOptions, oneOf, option, textWhere, whole } from '../option.ts';
import { isHostName } from './access.ts';
import { logLevels } from './log.ts';

/** Longest time of a timer in seconds. Node counts its milliseconds as a signed 32-bit number, at most 2,147,483 s. */
const LONGEST = 2_000_000;
/** A number from `least` to `most`, both included. */
const numberFrom = (least: number, most: number) => {
  const error = `a number from ${least} to ${most}`;
  return z.number({ error }).min(least, { error }).max(most, { error });
};
// A time limit must be above 0, at least a millisecond; an interval of 0 means "off".
const timeLimit = numberFrom(0.001, LONGEST);
const interval = numberFrom(0, LONGEST);

// Headings of the help.
const access = 'Access:';
const limits = 'Limits:';
const running = 'Running:';

/** The declarations of all server options. Times are in seconds. */
export const serveShape = {
  /** Address to listen on. Default 127.0.0.1, which only this machine can reach. */
  host: option(z.string({ error: 'an address' }).default('127.0.0.1'), {
    flag: '--host <address>',
    help: 'address to listen on',
  }),
  /** Port to listen on, 0 to 65535; 0 picks a free one. Default 8080. */
  port: option(whole(0, 65_535).default(8080), {
    flag: '-p, --port <number>',
    help: 'port to listen on; 0 picks a free one',
  }),
  /** Search method: `exact` scores all items, `approximate` searches the index that `taurec index` builds. Default `exact`. */
  index: option(oneOf(['exact', 'approximate']).optional(), {
    flag: '--index <name>',
    help: 'search method (approximate needs taurec index)',
  }),
  /** Log that stores feedback; the server closes it on shutdown. Absent: the server refuses feedback. */
  feedback: option(
    z.custom<FeedbackLog>((value) => typeof value === 'object', { error: 'a feedback log' }).optional(),
    {
      flag: '--feedback <place>',
      help: 'store feedback from POST /v1/feedback: sqlite:PATH, a path ending in .db, or postgres://…',
    },
  ),
  /** Bearer token clients must send, 16 to 4096 visible ASCII characters. Without it they can read only health and readiness. Absent: the server needs no token. */
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
  /** Origins whose pages may call the API from a browser; `*` allows all. Default: none. */
  cors: option(
    z
      .array(textWhere('* or an origin such as https://shop.example', (x) => x === '*' || originOf(x) === x))
      .readonly()
      .default([]),
    { group: access, flag: '--cors <origin...>', help: 'origins allowed to call from a browser; * for all' },
  ),
  /**
   * Further `Host` names that a server on loopback without a token accepts, for proxies that pass on the `Host` of requests. Addresses and `localhost` are always
   * accepted; the check protects against DNS rebinding. Default: none.
   */
  allowedHosts: option(z.array(textWhere('a name such as shop.example', isHostName)).readonly().default([]), {
    group: access,
    flag: '--allowed-hosts <name...>',
    help: 'host names accepted besides localhost when no token is set',
  }),
  /** Maximum k (items in a list) of a request, 1 to 100,000. Default 1000. */
  maxK: option(whole(1, 100_000).default(1000), {
    group: limits,
    flag: '--max-k <number>',
    help: 'maximum k of a request',
  }),
  /** Maximum size of a request body in bytes, up to 1 GiB. Default 1048576 (1 MiB). */
  bodyLimit: option(whole(1, 1024 ** 3).default(1024 * 1024), {
    group: limits,
    flag: '--body-limit <bytes>',
    help: 'maximum size of a request body',
  }),
  /** Maximum number of requests waiting to be scored; further ones get status 503. Default 1024. */
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
  /** Time limit for answering a request, from 0.001; after it the client gets status 504. Default 10. */
  deadline: option(timeLimit.default(10), {
    group: limits,
    flag: '--deadline <seconds>',
    help: 'time limit for answering a request',
  }),
  /** Time limit for receiving the headers of a request, at most `requestTimeout`. Default 10. */
  headersTimeout: option(timeLimit.default(10), {
    group: limits,
    flag: '--headers-timeout <seconds>',
    help: 'time limit for receiving request headers',
  }),
  /** Time limit for receiving a whole request. Default 30. */
  requestTimeout: option(timeLimit.default(30), {
    group: limits,
    flag: '--request-timeout <seconds>',
    help: 'time limit for receiving a whole request',
  }),
  /** Interval between checks for a newer model in the directory; 0 turns them off. Default 2. */
  reloadInterval: option(interval.default(2), {
    group: running,
    flag: '--reload-interval <seconds>',
    help: 'interval of checks for a newer model; 0: never',
  }),
  /** Maximum time to wait for running requests on shutdown. Default 10. */
  shutdownTimeout: option(interval.default(10), {
    group: running,
    flag: '--shutdown-timeout <seconds>',
    help: 'seconds to wait for running requests on shutdown',
  }),
  /** Lowest level that is logged. Default `info`, which logs one line for each request. */
  logLevel: option(oneOf(logLevels).default('info'), {
    group: running,
    flag: '--log-level <level>',
    help: 'log level',
  }),
  /** Function that receives each line of the log. Default: lines go to standard error. */
  writeLog: option(
    z.custom<(line: string) => void>((value) => typeof value === 'function', { error: 'a function' }).optional(),
    {
      help: 'receiver of log lines',
    },
  ),
  /** Number of scoring threads, up to 256. Default: all cores but one, at least 1 and at most 16. */
  threads: option(whole(1, 256).optional(), {
    group: running,
    flag: '--threads <number>',
    help: 'scoring threads (default: all cores but one)',
  }),
  /** Engine for scoring. Default `auto`: the fastest one that this machine supports. */
  engine: runShape.engine,
};

const schema = z.object(serveShape);

/** All server options with their paths. */
export const serveOptions: readonly DeclaredOption[] = declaredOptions(serveShape);

/** Options of `serve`. All are optional; times are in seconds. */
export type ServeOptions = Readonly<z.input<typeof schema>>;
/** Checked options with their defaults. */
export type CheckedOptions = Readonly<z.output<typeof schema>>;

/** Checks options and fills in the defaults. @throws TaurecError `bad-option`, `unknown-name` */
export function checkServeOptions(options: ServeOptions): CheckedOptions {
  const checked = checkOptions(schema, options, { logLevel: 'log level', engine: 'engine' });
  // Node requires it: the headers are part of the request.
  if (checked.headersTimeout > checked.requestTimeout) {
    const expected = `at most requestTimeout, ${checked.requestTimeout}`;
    throw new TaurecError('bad-option', { option: 'headersTimeout', got: checked.headersTimeout, expected });
  }
  return checked;
}

/** The origin of a URL, such as https://shop.example; undefined for text that is no URL. */
function originOf(text: string): string | undefined {
  try {
    return new URL(text).origin;
  } catch {
    return undefined;
  }
}
