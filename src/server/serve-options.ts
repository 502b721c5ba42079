import { TaurecError } from '../errors.ts';
import type { FeedbackLog } from '../feedback/feedback-log.ts';
import { isHostName } from './access.ts';
import { type LogLevel, logLevels } from './log.ts';

/** Options of the server. Each has a default; times are in seconds. */
export interface ServeOptions {
  /** Address to listen on. Default 127.0.0.1: reachable from this machine only. */
  readonly host?: string;
  /** Port to listen on; 0: a free one. Default 8080. */
  readonly port?: number;
  /** Threads that score. Default: the machine's cores without one, at least 1, at most 16. */
  readonly threads?: number;
  /** Engine for scoring. Default `auto`: the fastest that this machine runs. */
  readonly engine?: 'auto' | 'wasm' | 'reference';
  /** Search for the best items: `exact` scores all of them. Default `exact`. */
  readonly index?: 'exact' | 'approximate';
  /** Bearer token that clients must send; without it they only get health and readiness. Absent: no token is needed. */
  readonly token?: string;
  /** Origins whose pages may call the API from a browser; `*`: all. Default: none. */
  readonly cors?: readonly string[];
  /** Further `Host` names that a server on loopback without a token accepts, for proxies that keep the `Host` of requests. Addresses and `localhost` are always accepted. Default: none. */
  readonly allowedHosts?: readonly string[];
  /** Largest k of a request. Default 1000. */
  readonly maxK?: number;
  /** Most bytes in the body of a request. Default 1048576. */
  readonly bodyLimit?: number;
  /** Requests that may wait to be scored; more get 503. Default 1024. */
  readonly queueLimit?: number;
  /** Maximum number of open connections. Default 1024. */
  readonly maxConnections?: number;
  /** Time limit for a response; after it the request gets 504. Default 10. */
  readonly deadline?: number;
  /** Time limit for the head of a request. Default 10. */
  readonly headersTimeout?: number;
  /** Time limit for a whole request to arrive. Default 30. */
  readonly requestTimeout?: number;
  /** Interval of checks for a newer model in the directory; 0: none. Default 2. */
  readonly reloadInterval?: number;
  /** Time to wait for running requests on shutdown. Default 10. */
  readonly shutdownTimeout?: number;
  /** Log that stores feedback; the server closes it on shutdown. Absent: feedback is refused. */
  readonly feedback?: FeedbackLog;
  /** Default `info`: one line for each request. */
  readonly logLevel?: LogLevel;
  /** Receives each line of the log. Default: standard error. */
  readonly writeLog?: (line: string) => void;
}

type Defaulted = Exclude<keyof ServeOptions, 'threads' | 'engine' | 'index' | 'token' | 'feedback' | 'writeLog'>;
export type CheckedOptions = ServeOptions & Required<Pick<ServeOptions, Defaulted>>;

const defaults: Required<Pick<ServeOptions, Defaulted>> = {
  host: '127.0.0.1',
  port: 8080,
  cors: [],
  allowedHosts: [],
  maxK: 1000,
  bodyLimit: 1024 * 1024,
  queueLimit: 1024,
  maxConnections: 1024,
  deadline: 10,
  headersTimeout: 10,
  requestTimeout: 30,
  reloadInterval: 2,
  shutdownTimeout: 10,
  logLevel: 'info',
};

/** Milliseconds in a timer at most, in seconds. */
const LONGEST = 2_000_000;

/** Least and most of the numbers, and whether they are whole. */
const ranges: Partial<Record<keyof ServeOptions, readonly [least: number, most: number, whole: boolean]>> = {
  port: [0, 65_535, true],
  threads: [1, 256, true],
  maxK: [1, 100_000, true],
  bodyLimit: [1, 1024 ** 3, true],
  queueLimit: [1, 1_000_000, true],
  maxConnections: [1, 1_000_000, true],
  deadline: [0.001, LONGEST, false],
  headersTimeout: [0.001, LONGEST, false],
  requestTimeout: [0.001, LONGEST, false],
  reloadInterval: [0, LONGEST, false],
  shutdownTimeout: [0, LONGEST, false],
};

/** The options with their defaults. Throws `bad-option`, `unknown-name`. */
export function checkServeOptions(options: ServeOptions): CheckedOptions {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const checked: CheckedOptions = { ...defaults, ...given };
  for (const [option, [least, most, whole]] of Object.entries(ranges)) {
    const got = checked[option as keyof ServeOptions];
    if (got === undefined) continue;
    const fits = typeof got === 'number' && got >= least && got <= most && (!whole || Number.isInteger(got));
    const expected = `${whole ? 'a whole number' : 'a number'} from ${least} to ${most}`;
    if (!fits) throw new TaurecError('bad-option', { option, got, expected });
  }
  if (!logLevels.includes(checked.logLevel)) {
    throw new TaurecError('unknown-name', { kind: 'log level', got: checked.logLevel, known: logLevels });
  }
  for (const origin of checked.cors) {
    if (origin === '*' || originOf(origin) === origin) continue;
    throw new TaurecError('bad-option', {
      option: 'cors',
      got: origin,
      expected: '* or an origin such as https://shop.example',
    });
  }
  for (const got of checked.allowedHosts) {
    if (isHostName(got)) continue;
    throw new TaurecError('bad-option', { option: 'allowedHosts', got, expected: 'a name such as shop.example' });
  }
  if (checked.token !== undefined && !/^[\x21-\x7e]{16,4096}$/.test(checked.token)) {
    const expected = 'at least 16 visible ASCII characters, without spaces';
    throw new TaurecError('bad-option', { option: 'token', got: `${checked.token.length} characters`, expected });
  }
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
