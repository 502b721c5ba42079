/**
 * All errors that taurec throws on purpose: `TaurecError`, with its stable codes, and one table with the message of each code.
 * Facts are words or clauses without a full stop, except where a template adds none after `reason`: that one is a whole sentence, often of another program.
 */

/** The facts of an error, by name. The message is built from them. */
export type Facts = Readonly<Record<string, unknown>>;

/** The messages of all errors, by code. A message says what taurec got, what it expected, and the remedy. `TaurecError` calls the function of its code with its facts. */
const messages = {
  // options
  // `conflict` is the name of a second option that excludes the first; its value does not matter then.
  'bad-option': (f: Facts) =>
    f.conflict
      ? `${optionOf(f.option)} cannot be combined with ${optionOf(f.conflict, 'option ')}.${f.remedy ? ` ${f.remedy}` : ''}`
      : `Option ${f.option}: got ${show(f.got)}, expected ${f.expected}.${f.remedy ? ` ${f.remedy}` : ''}`,
  'unknown-name': (f: Facts) =>
    `Unknown ${f.kind} ${show(f.got)}; known: ${(f.known as string[]).join(', ')}.${f.near ? ` Did you mean ${f.near}?` : ''}`,
  // losses
  'loss-module': (f: Facts) =>
    `Cannot load loss module ${show(f.module)}: ${f.reason} Expected a path, URL or package that exports a loss class, factory or object.`,
  // backbones
  'backbone-module': (f: Facts) =>
    `Cannot load backbone module ${show(f.module)}: ${f.reason} Expected a path, URL or package that exports a backbone class, factory or object.`,
  // samplers
  'sampler-module': (f: Facts) =>
    `Cannot load pool or sampler module ${show(f.module)}: ${f.reason} Expected a path, URL or package that exports a pool or sampler class, factory or object.`,
  // metrics
  'metric-module': (f: Facts) =>
    `Cannot load metric module ${show(f.module)}: ${f.reason} Expected a path, URL or package that exports a metric (hits, relevant, k) or a factory that takes options and returns one.`,
  // baselines
  'baseline-memory': (f: Facts) =>
    `Baseline ${f.baseline} needs ${gigabytes(f.bytes)} GiB (${f.bytes} bytes) for ${f.items} items, ${f.limit === undefined ? 'which the system refused to allocate. Free some memory' : `but may take only ${gigabytes(f.limit)} (${f.limit} bytes). Raise the limit (memory, --ease-memory) if that much is free`}, leave this baseline out (--baselines popular,item-knn,slim), or drop rare items (k-core).`,
  // engine
  'engine-ranks-only': () =>
    'This engine was opened without a training plan, so it can rank but not train. Open it with plan.training to train.',
  'memory-limit': (f: Facts) =>
    `The tables need ${gigabytes(f.bytes)} GiB, but the engine has only ${gigabytes(f.limit)}: ${f.users === undefined ? '' : `${f.users} users and `}${f.items} items at dimension ${f.dimension} take ${f.bytesPerRow} bytes each. Reduce the dimension, the negatives or the rows per batch, or drop rare items (k-core)${f.users === undefined ? '' : ' and users'}.`,
  'memory-short': (f: Facts) =>
    `The tables need ${gigabytes(f.bytes)} GiB, but this machine has only ${gigabytes(f.limit)} GiB of memory: ${f.users} users at dimension ${f.dimension} take ${f.bytesPerUser} bytes each, and ${f.items} items the rest. Reduce the dimension, drop rare users and items (k-core), or use a machine with more memory.`,
  'memory-refused': (f: Facts) =>
    `The system refused to allocate ${gigabytes(f.bytes)} GiB of memory for ${f.users} users and ${f.items} items at dimension ${f.dimension}. Free some memory or reduce the dimension. A limit of the address space (ulimit -v) also causes this, because WebAssembly reserves several GiB of addresses for any memory: remove it, and limit the memory of the process by its control group (systemd: MemoryMax).`,
  'wasm-blocked': (f: Facts) =>
    `WebAssembly is blocked: ${f.reason} If the page has a content security policy, add 'wasm-unsafe-eval' to its script-src; or use engine: 'reference', which is slow.`,
  'worker-start': (f: Facts) =>
    `The Web Worker for ${f.worker} did not start: ${f.reason}. If the page has a content security policy, add blob: to its worker-src: taurec starts workers from text in its bundle.`,
  'engine-thread': (f: Facts) =>
    `Thread ${f.thread} of the engine failed: ${f.reason}. The engine is closed; open a new one, with fewer threads if memory ran out.`,
  'recommender-closed': () => 'The recommender is closed. Open the model again with Recommender.open, or train again.',
  // training
  aborted: (f: Facts) =>
    `Stopped on request${f.epoch ? ` in epoch ${f.epoch}, after step ${f.step}` : ''}.${f.checkpoint ? ` The last checkpoint is ${f.checkpoint}; resume to continue from it.` : ''}`,
  diverged: (f: Facts) =>
    `Training diverged in epoch ${f.epoch}, step ${f.step}: ${f.what} is ${f.value}, expected a finite number of moderate size (loss ${f.loss}, learning rate ${f.learningRate}${listed(f.temperatures)}). Try a smaller learning rate, a larger temperature, or cosine scores.`,
  'checkpoint-mismatch': (f: Facts) =>
    `${f.path}: the checkpoint belongs to another ${f.what}: got ${show(f.got)}, expected ${show(f.expected)}. Resume with the settings and data of the original run, or start a new run without resuming.`,
  'bad-checkpoint': (f: Facts) =>
    `${f.path}: not a checkpoint of this version: ${f.problem}. Start a new run without resuming.`,
  'coordinator-died': (f: Facts) =>
    `The training thread ended unexpectedly (${f.reason}). If memory ran out, use a smaller dimension or batch.`,
  // updates
  'no-training-state': (f: Facts) =>
    `${f.model}: saved without its training state. A model with backbone ${f.backbone} cannot be updated without it, because the state holds the base embeddings. Train again and keep the state (keepState: true in the library; the default of taurec train).`,
  'update-imported': () =>
    'Cannot update: the embeddings were imported, and taurec does not know how they were trained. Update them in the program they came from and import them again, or train a model on the interactions.',
  'update-source': (f: Facts) =>
    `Cannot update: the model was trained with ${f.got}, which taurec does not load on its own. Pass it as option ${f.kind} of updateModel, or with --${f.kind}-module.`,
  // data
  'duplicate-id': (f: Facts) => `The id ${show(f.id)} occurs twice, but ids must be distinct.`,
  'file-not-found': (f: Facts) => `${f.file}: no such file. Check the path.`,
  'unreadable-file': (f: Facts) =>
    `${f.file}: cannot be read as ${f.format}: ${f.reason} If taurec guessed the wrong format, set it with the option format (--format).`,
  'bad-catalogue': (f: Facts) =>
    `${f.file}, ${f.unit ?? 'line'} ${f.line}: ${f.problem}. Nothing was changed. A catalogue has one row for each item, with its id.`,
  'bad-config-file': (f: Facts) => `${f.file}: cannot be loaded: ${f.reason}`,
  'download-failed': (f: Facts) => `${f.file}: cannot be downloaded: ${f.reason}. ${f.remedy}`,
  'packed-file': (f: Facts) => `${f.file}: is ${f.what}, which taurec does not read. ${f.remedy}`,
  'bad-encoding': (f: Facts) =>
    `${f.file}, line ${f.line}${f.column === undefined ? '' : `, column ${f.column}`}: ${f.reason}. Name the encoding (encoding: '${f.encoding}', --encoding ${f.encoding}), or convert the file to UTF-8.`,
  'nested-column': (f: Facts) =>
    `${f.file}: the column ${f.column} holds values of type ${f.type}, expected ${f.expected}. ${f.remedy}`,
  'empty-data': (f: Facts) => `${f.file}: ${f.reason}; expected at least one interaction.`,
  'missing-column': (f: Facts) =>
    `${f.file}: no column ${show(f.got)} for ${f.role}; the columns are: ${(f.columns as string[]).join(', ')}. Use one of these names, or a position, counted from 1.`,
  'unclear-columns': (f: Facts) =>
    `${f.file}: ${f.header ? `no column has a name that is known for ${missingRoles(f)}` : `the first line names no columns, and their values do not tell which is ${missingRoles(f)}`}. The columns${columnTable(f)}\nName the column of each by its name or its position: ${flagsOf(f)}.${f.header ? '' : " If the first line holds names, set header: true (--header). For LightGCN text set format: 'lightgcn' (--format lightgcn)."}`,
  'same-name': (f: Facts) =>
    `${f.file}: columns ${(f.positions as number[]).join(' and ')} are called ${(f.names as string[]).map(show).join(' and ')}. Name the ${f.role} column by its position: ${f.role}: ${(f.positions as number[])[0]} (--${f.role} ${(f.positions as number[])[0]}).`,
  'blank-times': (f: Facts) =>
    `${f.file}: ${f.blank} of ${f.count} interactions have no time, and ${f.need} one for each. Fill or remove these rows, or use an option that needs no times.`,
  'bad-row': (f: Facts) =>
    `${f.file}, ${f.unit ?? 'line'} ${f.line}, column ${f.column}: got ${show(f.got)}, expected ${f.expected}. Correct the ${f.unit === 'row' ? 'table' : 'file'}, or skip invalid rows (onBadRow: 'skip', --on-bad-row skip).${f.remedy ? ` ${f.remedy}` : ''}`,
  // databases
  'bad-database-place': (f: Facts) =>
    `Invalid ${f.kind} address: ${f.reason}, expected ${f.expected}. Percent-encode special characters (@ is %40, & is %26); the password may also come from PGPASSWORD or ~/.pgpass.`,
  'database-unreachable': (f: Facts) => `${f.place}: cannot reach the server: ${f.reason}. ${f.remedy}`,
  'database-login': (f: Facts) =>
    `${f.place}: the server refused the login: ${f.reason}. Check the user name and the password (in the URL, PGPASSWORD or ~/.pgpass).`,
  'database-failed': (f: Facts) => `${f.place}: ${f.reason}. ${f.remedy}`,
  // feedback
  'bad-feedback': (f: Facts) =>
    `Event ${f.event} of ${f.count}, ${f.field}: got ${shortened(f.got)}, expected ${f.expected}. Nothing was stored; correct the event and send the whole batch again.`,
  'feedback-closed': (f: Facts) => `${f.place}: the log is closed. Reopen it with openFeedback.`,
  'feedback-overload': (f: Facts) =>
    `${f.place}: ${f.waiting} events are waiting to be written; the limit is ${f.limit}. Retry later, or check why the database is slow.`,
  'feedback-table': (f: Facts) =>
    `${f.place}: the table ${f.table} is not a feedback log: ${f.problem}. Choose another table with ?table=NAME; taurec creates it if it does not exist.`,
  // models
  'bad-safetensors': (f: Facts) =>
    `${f.path}: not a readable safetensors file: ${f.problem}. Restore it from a backup, or train and save the model again.`,
  'bad-model': (f: Facts) => `${f.path}: ${f.problem}. Restore the model from a backup, or train and save it again.`,
  'half-overflow': (f: Facts) =>
    `The embedding of ${f.side} ${show(f.id)} has ${f.got} in column ${f.column}, but 16-bit floats end at 65504. Nothing was written. Store the embeddings in 32 bits (--precision f32), or train with a larger L2 weight (--l2) or with cosine scores.`,
  'damaged-file': (f: Facts) =>
    `${f.path}: ${f.problem}. The file is damaged or was edited. Restore it from a backup, or train and save the model again; \`taurec info --check\` checks all files of a model.`,
  'damaged-model': (f: Facts) =>
    `${f.directory}: ${(f.files as string[]).length} of ${f.of} files cannot be used: ${(f.problems as string[]).join('; ')}. Restore them from a backup, or train and save the model again.`,
  'no-model': (f: Facts) =>
    `${f.directory}: not a taurec model: ${f.problem}. Pass a folder written by \`taurec train --out\` or saveModel.`,
  'no-versions': (f: Facts) =>
    `${f.folder}: holds no published versions. Publish one: taurec publish MODEL --to ${f.folder}.`,
  'not-versions': (f: Facts) =>
    `${f.folder}: versions cannot be published here: it holds ${f.got}. Choose a new or empty folder, or one with published versions.`,
  'damaged-versions': (f: Facts) =>
    `${f.path}: ${f.problem}. Restore the file from a copy, or publish the version that should be served to a new folder.`,
  'no-earlier-version': (f: Facts) =>
    `${f.folder}: there is no version before ${f.current} to go back to. \`taurec versions ${f.folder}\` lists what is kept.`,
  'newer-model': (f: Facts) =>
    `${f.path}: the model has format version ${f.got}, this taurec reads up to ${f.expected}. Update taurec: npm install taurec@latest.`,
  'not-a-model': (f: Facts) =>
    `${f.directory}: would be overwritten, but is not a taurec model: it holds ${f.got}. Choose a new or empty folder, or one with a taurec model.`,
  'model-changed': (f: Facts) =>
    `${f.directory}: another program wrote the model during the update. Nothing was written, because overwriting would lose those changes. Run the updates one after the other.`,
  'unknown-id': (f: Facts) =>
    `Unknown ${f.kind} ${show(f.id)}: it is not among the ${f.count} ${f.kind}s the model was trained on. ${f.remedy}`,
  'no-neighbors': () =>
    "The model has no neighbour term, so it cannot compare items by the users that they share. Compare by embeddings (by: 'embeddings', --by embeddings), or train a model with --neighbors 20.",
  'no-catalogue': () =>
    'The model has no catalogue, so lists cannot be filtered by attributes. Give it one: taurec catalogue MODEL --from items.csv',
  'fold-in-loss': (f: Facts) =>
    `Cannot fold in: the model was trained with ${f.got}, which taurec does not load on its own. Pass it when opening the model: Recommender.open(directory, { loss }).`,
  // embeddings to and from other programs
  'cannot-export': (f: Facts) => `Cannot export as ${f.format}: ${f.problem}. ${f.remedy}`,
  'not-an-export': (f: Facts) =>
    `${f.directory}: would be overwritten, but is not a taurec export: it holds ${f.got}. Choose a new or empty folder, or one with an earlier export.`,
  'bad-embeddings': (f: Facts) => `${f.file}: ${f.problem}.${f.remedy ? ` ${f.remedy}` : ''}`,
  'no-index': (f: Facts) => `${f.directory}: ${f.problem}. Build it: taurec index ${f.directory}`,
  'cannot-write': (f: Facts) => `${f.path}: cannot be written: ${f.reason}. ${f.remedy}`,
  'missing-package': (f: Facts) =>
    `${f.what} needs the package ${f.name}, which ${f.problem}. npm install ${f.install ?? f.name}`,
  // evaluation
  'evaluation-shape': (f: Facts) =>
    `Cannot evaluate: ${f.what} has ${f.got} items, expected ${f.expected}, the number of items in the training data. Evaluate on the data set that the model was trained on.`,
  'not-comparable': (f: Facts) =>
    `The two results cannot be compared: ${f.what}: got ${f.got}, expected ${f.expected}. ${f.remedy ?? 'Evaluate both models on the same data, with the same protocol and per-user output.'}`,
  'bad-result': (f: Facts) =>
    `${f.path}: not a usable taurec result file: ${f.problem}. Write it again with taurec evaluate of this version or later.`,
  // experiments
  'bad-runs': (f: Facts) =>
    `${f.path}, line ${f.line}: got ${show(f.got)}, expected the record of a run. Delete the line, or choose another folder.`,
  'folder-in-use': (f: Facts) =>
    f.by !== undefined
      ? `${f.folder}: in use by ${f.by}. ${f.remedy}`
      : `${f.folder}: process ${f.pid} on ${f.host} is using this folder. Wait until it ends, or choose another folder (--out). If that process is not taurec, delete the file lock in the folder.`,
  'failed-run': (f: Facts) =>
    `${f.run}: ${f.reason} This failure is recorded and will not be retried. Change the options, or delete its line from runs.jsonl (key ${String(f.key).slice(0, 16)}…).`,
  'no-test-users': (f: Facts) =>
    `None of ${f.users} users has both test items and an embedding. Check that the test file uses the same ids as the training file.`,
  // tuning
  'study-mismatch': (f: Facts) =>
    `${f.folder}: holds a study with another ${f.what}: got ${shortly(f.got)}, expected ${shortly(f.expected)}. Continue it with its original settings and data, or choose another folder (--folder).`,
  'queue-unreachable': (f: Facts) =>
    `${f.url}: cannot reach the queue: ${f.reason}. Check the URL, and that the server is running and accepts connections from this machine.`,
  'other-data': (f: Facts) =>
    `This worker has ${f.what} ${shortly(f.got)}, expected ${f.expected} as in the queue. ${f.remedy}`,
  'no-trial': (f: Facts) =>
    `None of ${f.trials} trials completed: ${f.reason} Try a search space with lower learning rates or higher temperatures.`,
  // lists for everybody
  'lists-mismatch': (f: Facts) =>
    `${f.folder}: holds parts of lists with another ${f.what}: got ${shortly(f.got)}, expected ${shortly(f.expected)}. Repeat the command with which they were begun, or delete the folder to begin anew.`,
  'lists-failed': (f: Facts) =>
    `Part ${f.part} of ${f.parts} of the lists failed ${f.times} times on the machines of the queue: ${f.reason} The finished parts are kept in ${f.folder}. Remove the cause, and repeat the command.`,
  // studio
  'no-data-loaded': (f: Facts) => `No data are loaded. ${f.remedy ?? 'Load data first.'}`,
  'other-training-data': (f: Facts) => `The model was not trained on the data in use (${f.source}). ${f.remedy}`,
  'run-data': (f: Facts) =>
    `The run ${f.run} cannot be resumed: its data (${f.source}) ${f.problem}. Load them under Data as they were (${f.options}), and resume it then; or train again on other data.`,
  'session-lost': (f: Facts) => `The session has ended: ${f.reason}. ${f.remedy ?? 'Load the page again.'}`,
  'typed-loss': (f: Facts) => `The typed loss cannot be used: ${f.problem}.${f.remedy ? ` ${f.remedy}` : ''}`,
  // reports
  'bad-report': (f: Facts) => `Cannot write the report ${show(f.report)}: ${f.problem}, expected ${f.expected}.`,
  // serving
  'cannot-listen': (f: Facts) =>
    `Cannot listen on ${f.host}, port ${f.port}: ${f.reason}. Choose another port (--port; 0 picks a free one) or another address (--host).`,
  'no-route': (f: Facts) =>
    `No route ${f.path}. See /docs for the API, or /openapi.json for its machine-readable description.`,
  'wrong-method': (f: Facts) => `${f.path} does not accept ${f.got}, expected ${f.expected}.`,
  'wrong-host': (f: Facts) =>
    `The host ${show(f.got)} is not an allowed name of this server. ${f.remedy ?? 'Allow it with --allowed-hosts, or start the server with a token.'}`,
  // studio
  'studio-closed': (f: Facts) =>
    `The page has ${f.got}. Open the address that \`taurec studio\` printed, with its token; a server that was started again has another one.`,
  'not-served': (f: Facts) =>
    `A server of models does not offer ${f.what}. Open the studio over a folder for that: taurec studio`,
  'foreign-page': (f: Facts) =>
    `The request comes from ${show(f.got)}, expected a page of this server. Open the studio under one address, and keep that tab.`,
  'no-studio-site': (f: Facts) =>
    `${f.folder}: the built page of the studio is not there. Install taurec from npm, or build it in a clone: npm run build`,
  'not-a-site': (f: Facts) =>
    `${f.folder}: would be overwritten, but is not an exported studio: it holds ${f.got}. Choose a new or empty folder, or one with an earlier export.`,
  'file-too-large': (f: Facts) =>
    `${show(f.file)} exceeds the limit of ${f.limit} bytes. Copy it into the folder of the studio yourself, or raise the limit (--upload-limit).`,
  'no-token': (f: Facts) => `The request has ${f.got}, expected the header Authorization: Bearer <token>.`,
  'no-scope': (f: Facts) =>
    `The token ${f.user ? 'is signed for one user and reads only the lists of that user' : `has the scope ${(f.got as string[]).join(', ')}`}, expected ${f.user ? 'that user, or ' : ''}a token with the scope ${(f.expected as string[]).join(' or ')}.`,
  'erase-closed': () =>
    'Erasing a user over HTTP requires a token with the scope write: start the server with --token-file. Alternative: taurec forget MODEL --user USER --feedback PLACE.',
  'erase-impossible': (f: Facts) =>
    `The feedback log ${f.place} cannot remove events: it has no method forget. Remove them in its database.`,
  'edit-impossible': (f: Facts) =>
    `The feedback log ${f.place} cannot keep edits of items: it has no method editItems. Change the catalogue instead: taurec catalogue MODEL --from items.csv`,
  'reload-closed': () =>
    'Reloading over HTTP requires a token: start the server with --token-file. Alternatives: send SIGHUP, or let the server watch the model directory (--reload-interval).',
  'reload-failed': (f: Facts) => `The new model cannot be opened, and the server keeps the current one: ${f.reason}`,
  'bad-request': (f: Facts) => `The request cannot be served: ${f.problem}.`,
  'body-too-large': (f: Facts) => `The body exceeds the limit of ${f.limit} bytes. Send smaller requests.`,
  'wrong-body-type': (f: Facts) => `The body is sent as ${show(f.got)}, expected ${f.expected}.`,
  'body-timeout': (f: Facts) => `The request was not complete in time: ${f.problem}.`,
  'client-gone': () => 'The client closed the connection before its request was answered.',
  overloaded: (f: Facts) => `${f.got}; the limit is ${f.limit}. Send smaller requests, or retry later.`,
  deadline: (f: Facts) => `No answer within ${f.seconds} s. Send smaller requests, or retry later.`,
  'scoring-ended': (f: Facts) => `The scoring thread ended (${f.reason}). A new one is starting; retry in a moment.`,
  'server-closing': () => 'The server is shutting down. Retry in a moment.',
  'feedback-off': () => 'This server does not store feedback. Start it with --feedback PLACE.',
  'feedback-failed': (f: Facts) =>
    `Cannot read or write the feedback log${f.reason ? `: ${f.reason}` : ''}. Retry in a moment; events with an id are never counted twice.`,
  'server-fault': () => 'Internal server error; the server log has the details under the id of this request.',
} satisfies Record<string, (facts: Facts) => string>;

/** The code of a `TaurecError`. Programs should test the code: codes are stable, the wording of messages may change. */
export type ErrorCode = keyof typeof messages;

const mark: unique symbol = Symbol.for('taurec.error');

/** The error class of taurec: a stable code for programs, facts for logs, a message for people. Passwords are removed from the message and from the facts. */
export class TaurecError extends Error {
  /** True for the errors of every copy of taurec: the command is a bundle, while a configuration imports the library. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: a subclass inherits this, and has instances of its own
    if (this !== TaurecError) return super[Symbol.hasInstance](value);
    return typeof value === 'object' && value !== null && mark in value;
  }

  override readonly name = 'TaurecError';
  readonly code: ErrorCode;
  readonly facts: Facts;

  constructor(code: ErrorCode, facts: Facts = {}, options?: ErrorOptions) {
    super(withoutPasswords(messages[code](facts)), options);
    this.code = code;
    this.facts = cleaned(facts) as Facts;
  }

  /** Says to every copy of taurec that this is one of its errors. */
  get [mark](): true {
    return true;
  }
}

/** A fact without passwords: texts, also those in arrays and plain objects. Other values stay as they are. */
function cleaned(fact: unknown): unknown {
  if (typeof fact === 'string') return withoutPasswords(fact);
  if (Array.isArray(fact)) return fact.map(cleaned);
  if (typeof fact !== 'object' || fact === null || Object.getPrototypeOf(fact) !== Object.prototype) return fact;
  return Object.fromEntries(Object.entries(fact).map(([name, value]) => [name, cleaned(value)]));
}

/**
 * Removes passwords from a text, because people paste messages into issues and archive logs: those of URLs of any scheme, of URLs with a typing error (`mysql://`, `postgres ://`,
 * `postgres:/`, a missing host or scheme), and of parameters named password. What may be one counts as one: an id such as a:b@c is shown as a:…@c.
 */
export function withoutPasswords(text: string): string {
  return passwordForms.reduce((left, [form, shown]) => left.replace(form, shown), text);
}

/** A port: digits that end where a port ends. */
const port = /\d{1,5}(?![^\s/?#"'`,;).\]])/.source;
/** A scheme, two slashes or one, and a user, with the blanks that people type in between. */
const schemeAndUser = (scheme: string) => `\\b${scheme}\\s*:\\s*\\/\\/?\\s*[^\\s:@/?#]*`;
/** What may follow a user's colon: a password up to the last @ without blanks before it (passwords may contain @), else up to the last @ of the line (they may contain blanks). Bounds keep the time for a long text linear. */
const passwordAndAt = '(?:\\S{0,300}@|[^@\\n]{0,300}@)';

/** What a password looks like, and what is shown in its place. The addresses of web pages have ports and paths with an @; in those of databases, what follows the colon is a password. */
const passwordForms: readonly (readonly [RegExp, string])[] = [
  [
    new RegExp(`(${schemeAndUser('(?!https?\\b|wss?\\b|file\\b)[a-z][a-z0-9+.-]{0,30}')})\\s*:${passwordAndAt}`, 'gi'),
    '$1@',
  ],
  [new RegExp(`(${schemeAndUser('(?:https?|wss?|file)')})\\s*:(?!${port})${passwordAndAt}`, 'gi'), '$1@'],
  // a scheme, a user and a password, but no @ and no host
  [new RegExp(`(${schemeAndUser('[a-z][a-z0-9+.-]{0,30}')}):(?!${port})[^\\s/?#"'\`,;)@]+`, 'gi'), '$1:…'],
  // a scheme without a colon or without slashes, or none at all
  [/(^|[\s"'`=(/])((?:[a-z][a-z0-9+.-]*:)?[^\s:@/"'`=(]+):[^\s@/"'`]+@(?=[\w[])/gi, '$1$2:…@'],
  [/((?:^|[^a-z])(?:ssl|pg)?(?:password|passwd|pwd)=)(?:'[^']*'|[^&\s"']*)/gi, '$1…'],
];

/** The name of an option in a sentence: a flag unchanged, any other name after `title`. */
function optionOf(name: unknown, title = 'Option '): string {
  return String(name).startsWith('--') ? String(name) : `${title}${name}`;
}

/** Named numbers as `, name value` each, to continue a list. */
function listed(values: unknown): string {
  return Object.entries(values as object)
    .map(([name, value]) => `, ${name} ${value}`)
    .join('');
}

/** Bytes in GiB with two decimals. */
function gigabytes(bytes: unknown): string {
  return ((bytes as number) / 1024 ** 3).toFixed(2);
}

/** A value as JSON, cut after 300 characters. */
function shortly(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

/** A value in a message: texts in quotes, so that "4" and 4 differ. */
function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

/** As `show`, cut after 100 characters: for values that clients send. */
function shortened(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

/** A column in the facts of `unclear-columns`. */
interface ShownColumn {
  readonly position: number;
  readonly name?: string;
  readonly value?: string;
}

/** "the user", "the item", or both. */
function missingRoles({ missing }: Facts): string {
  return (missing as string[]).map((role) => `the ${role}`).join(' and ');
}

/** The options that name the missing columns, with the columns' own names or positions as far as they are clear. */
function flagsOf({ missing }: Facts): string {
  const roles = missing as string[];
  return `option${roles.length > 1 ? 's' : ''} ${roles.join(' and ')} (${roles.map((role) => `--${role} COLUMN`).join(' ')})`;
}

/** One line for each column: position, name, first value. */
function columnTable(f: Facts): string {
  const columns = f.columns as readonly ShownColumn[];
  const named = columns.map(({ name }) => (name === undefined ? '' : name === '' ? '(no name)' : name));
  const width = Math.max(...named.map((name) => name.length));
  const lines = columns.map(({ position, value }, at) => {
    const shown = value === undefined ? '' : value.length > 60 ? `${value.slice(0, 60)}…` : value;
    return `  ${String(position).padStart(2)}  ${f.header ? `${named[at]!.padEnd(width)}  ` : ''}${shown}`.trimEnd();
  });
  const first = columns.some(({ value }) => value !== undefined) ? ', with the first value of each' : '';
  return `${first}:\n${lines.join('\n')}`;
}
