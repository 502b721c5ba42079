import * as z from 'zod';
import { duration } from '../data/duration.ts';
import { feedbackEvents, visibleKinds } from '../data/event-kinds.ts';
import { runShape } from '../engine/run-options.ts';
import { TaurecError } from '../errors.ts';
import { SPLIT_SEED } from '../evaluation/variant-of.ts';
import type { FeedbackLog } from '../feedback/feedback-log.ts';
import {
  checkOptions,
  type DeclaredOption,
  declaredOptions,
  notNegative,
  oneOf,
  option,
  share,
  textWhere,
  whole,
} from '../option.ts';
import { shortName, shortNameText } from '../platform/short-name.ts';
import { where } from '../recommender/recommendation.ts';
import { isHostName, scopes } from './access.ts';
import { logLevels } from './log.ts';

/** Upper limit of all times, in seconds. Node's timers hold milliseconds in a signed 32-bit number, at most 2,147,483 s. */
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
const variants = 'Variants:';

/** All options of the server, each declared once for the library, the command line and the docs. Times are in seconds. */
export const serveShape = {
  /** Address to listen on. Default 127.0.0.1, which only this machine can reach. */
  host: option(z.string({ error: 'an address' }).default('127.0.0.1'), {
    flag: '--host <address>',
    help: 'address to listen on',
  }),
  /** Port to listen on, 0 to 65,535; 0 picks a free one. Default 8080. */
  port: option(whole(0, 65_535).default(8080), {
    flag: '-p, --port <number>',
    help: 'port to listen on; 0 picks a free one',
  }),
  /** Search method: `exact` scores all items; `approximate` uses the index that `taurec index` writes into the model directory. Default `exact`. */
  index: option(oneOf(['exact', 'approximate']).optional(), {
    flag: '--index <name>',
    help: 'search method (approximate needs taurec index)',
  }),
  /** Opens an approximate index that another installation built. Default false: it is rebuilt from the embeddings, in memory, each time a model is opened. */
  trustIndex: option(z.boolean().default(false), {
    flag: '--trust-index',
    help: 'open an approximate index that another installation built, without rebuilding it',
  }),
  /** A catalogue in place of the model's own: a file, URL or database table (`readCatalogue`). It is read whenever a model is opened; a file also when it changes. Default: the model's own. */
  catalogue: option(z.string({ error: 'a file' }).optional(), {
    flag: '--catalogue <file>',
    help: "titles and attributes of the items, in place of the model's own: file, URL or table; a file is read again when it changes",
  }),
  /** A filter that every list passes, whatever requests ask for: `{ available: true }`. Default: none. */
  where: option(where.optional(), {
    flag: '--where <filter>',
    help: 'filter of every list, as JSON: {"available":true}',
  }),
  /** Filters that requests may name: `where=in-stock`. Default: none. */
  filters: option(
    z
      .record(z.string().regex(/^[A-Za-z][\w.-]*$/, { error: 'a name of letters, digits and . _ -' }), where)
      .default({}),
    {
      flag: '--filters <name=filter>',
      help: 'filter that requests may name, as in-stock={"stock":{"gt":0}}; repeatable',
    },
  ),
  /** Log that stores the feedback of POST /v1/feedback. The server closes it on shutdown. Absent: the endpoint responds with 404. */
  feedback: option(
    z.custom<FeedbackLog>((value) => typeof value === 'object', { error: 'a feedback log' }).optional(),
    {
      flag: '--feedback <place>',
      help: 'store feedback from POST /v1/feedback: sqlite:PATH, a path ending in .db, or postgres://…',
    },
  ),
  /** Kinds of feedback that do not hide their item from the user's lists; all others do. `*` stands for the kinds not named. Default: view, click and impression. */
  visibleKinds,
  /** The kinds of feedback, each with what it counts for, as in `train`. Default: all kinds count and hide their item but those of `visibleKinds`. Cannot be combined with `visibleKinds`. */
  events: feedbackEvents,
  /** Maximum memory of each model for the items with feedback of each user, in MiB, 1 to 65,536; beyond it the users whose feedback is oldest are dropped. Default 256. */
  feedbackMemory: option(whole(1, 65_536).default(256), {
    group: limits,
    flag: '--feedback-memory <MiB>',
    help: "maximum memory for users' feedback",
  }),
  /** Shares of people by model, where there are several: relative numbers of at least 0, not all 0, `{ a: 90, b: 10 }`. `variantOf` says who gets which. Default: equal shares. */
  split: option(z.record(z.string(), notNegative).optional(), {
    group: variants,
    flag: '--split <shares>',
    help: 'shares of people by model: a=90,b=10 (default: equal)',
  }),
  /** Seed of the assignment of people to models: another one makes a test independent of the one before. 1 to 64 letters, digits, _ and -. Default `split`. */
  splitSeed: option(z.string({ error: shortNameText }).regex(shortName, { error: shortNameText }).default(SPLIT_SEED), {
    group: variants,
    flag: '--split-seed <name>',
    help: 'another seed assigns people anew, independently',
  }),
  /** Name of a model that answers nobody: it makes the lists that the others serve once more, after their answers are out, and metrics compare them. `split` names only the others. Default: none. */
  shadow: option(z.string({ error: shortNameText }).regex(shortName, { error: shortNameText }).optional(), {
    group: variants,
    flag: '--shadow <name>',
    help: 'model that answers nobody, but is compared with those that do',
  }),
  /** Share of the requests for lists that the shadow follows, in (0, 1]. Default 1. */
  shadowShare: option(share.default(1), {
    group: variants,
    flag: '--shadow-share <share>',
    help: 'share of requests that the shadow follows',
  }),
  /** How long feedback counts for GET /v1/trending, as a duration (`7d`, `6h`, a number of seconds): requests may ask for shorter windows. Default 7d. */
  trendingWindow: option(duration.prefault('7d'), {
    flag: '--trending-window <duration>',
    help: 'longest window of trending lists, such as 30d (default: 7d)',
  }),
  /** Bearer token that clients must send, 16 to 4096 visible ASCII characters. Without it they can only read health and readiness. Absent: every client has access. */
  token: option(
    z
      .string({ error: 'a text' })
      .regex(/^[\x21-\x7e]{16,4096}$/, { error: 'at least 16 visible ASCII characters, without spaces' })
      .optional(),
    {
      group: access,
      secret: true,
      flag: '--token-file <file>',
      help: 'file with the bearer tokens clients must send, one per line with its scopes (or $TAUREC_TOKEN)',
    },
  ),
  /** Further bearer tokens, each with its scopes: `public`, `read`, `write`, `admin`. `token` has all of them. Default: none. */
  tokens: option(
    z
      .array(
        z.strictObject({
          token: z
            .string({ error: 'a text' })
            .regex(/^[\x21-\x7e]{16,4096}$/, { error: 'at least 16 visible ASCII characters, without spaces' }),
          scopes: z.array(oneOf(scopes)).min(1, { error: 'at least one scope' }).readonly(),
        }),
      )
      .readonly()
      .optional(),
    { group: access, secret: true, help: 'bearer tokens with scopes' },
  ),
  /** Key of the tokens that `signUserToken` makes, each valid for the lists of one user: 32 characters or more. Default: none. */
  userKey: option(z.string({ error: 'a text' }).min(32, { error: 'at least 32 characters' }).max(4096).optional(), {
    group: access,
    secret: true,
    flag: '--user-key-file <file>',
    help: 'file with the key of tokens signed for one user (or $TAUREC_USER_KEY)',
  }),
  /** Origins whose pages may call the API from a browser (CORS); `*`: all. Default: none. */
  cors: option(
    z
      .array(textWhere('* or an origin such as https://shop.example', (x) => x === '*' || originOf(x) === x))
      .readonly()
      .default([]),
    { group: access, flag: '--cors <origin...>', help: 'origins allowed to call from a browser; * for all' },
  ),
  /** Additional `Host` names that a server on loopback without a token accepts, for example behind a proxy that passes on the client's `Host`. IP addresses and `localhost` are always accepted. Default: none. */
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
  /** Maximum size of a request body, in bytes, up to 1 GiB; larger bodies get 413. Default 1,048,576 (1 MiB). */
  bodyLimit: option(whole(1, 1024 ** 3).default(1024 * 1024), {
    group: limits,
    flag: '--body-limit <bytes>',
    help: 'maximum size of a request body',
  }),
  /** Maximum number of requests waiting to be scored; further requests get 503. Default 1024. */
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
  /** Time limit for answering a request, in seconds; slower requests get 504. Default 10. */
  deadline: option(timeLimit.default(10), {
    group: limits,
    flag: '--deadline <seconds>',
    help: 'time limit for answering a request',
  }),
  /** Time limit for receiving the headers of a request, in seconds; at most `requestTimeout`. Default 10. */
  headersTimeout: option(timeLimit.default(10), {
    group: limits,
    flag: '--headers-timeout <seconds>',
    help: 'time limit for receiving request headers',
  }),
  /** Time limit for receiving a whole request, in seconds; slower requests get 408. Default 30. */
  requestTimeout: option(timeLimit.default(30), {
    group: limits,
    flag: '--request-timeout <seconds>',
    help: 'time limit for receiving a whole request',
  }),
  /** Interval of checks for a new model in the directory, in seconds; 0: never. Default 2. */
  reloadInterval: option(interval.default(2), {
    group: running,
    flag: '--reload-interval <seconds>',
    help: 'interval of checks for a newer model; 0: never',
  }),
  /** Time to wait for running requests on shutdown, in seconds. Default 10. */
  shutdownTimeout: option(interval.default(10), {
    group: running,
    flag: '--shutdown-timeout <seconds>',
    help: 'seconds to wait for running requests on shutdown',
  }),
  /** Lowest level that is logged. Default `info`, which includes one line for each request. */
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
  /** Number of scoring threads of all models together, 1 to 256; each has at least one. Default: all cores but one, at least 1 and at most 16. */
  threads: option(whole(1, 256).optional(), {
    group: running,
    flag: '--threads <number>',
    help: 'scoring threads of all models together, at least one each (default: all cores but one)',
  }),
  /** Engine for scoring. Default `auto`: the fastest engine that runs on this machine. */
  engine: runShape.engine,
};

const schema = z.object(serveShape);

/** The declared options of the server, for flags, help and the option tables in docs. */
export const serveOptions: readonly DeclaredOption[] = declaredOptions(serveShape);

/** Options of `serve`. All are optional; times are in seconds. */
export type ServeOptions = Readonly<z.input<typeof schema>>;
/** The options after validation, with their defaults. */
export type CheckedOptions = Readonly<z.output<typeof schema>>;

/** Validates options and fills in their defaults. @throws TaurecError `bad-option`, `unknown-name` */
export function checkServeOptions(options: ServeOptions): CheckedOptions {
  const checked = checkOptions(schema, options, { logLevel: 'log level', engine: 'engine' });
  // Node also refuses such a pair, but its error does not name the option of `serve`.
  if (checked.headersTimeout > checked.requestTimeout) {
    const expected = `at most requestTimeout, ${checked.requestTimeout}`;
    throw new TaurecError('bad-option', { option: 'headersTimeout', got: checked.headersTimeout, expected });
  }
  return checked;
}

/** The origin of a URL, such as `https://shop.example`; undefined if the text is not a URL. */
function originOf(text: string): string | undefined {
  try {
    return new URL(text).origin;
  } catch {
    return undefined;
  }
}
