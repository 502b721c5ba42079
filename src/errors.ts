/** Facts a message is made of. */
export type Facts = Readonly<Record<string, unknown>>;

/** Every failure taurec reports, by code: the wording lives here and nowhere else. Each message says what was got, what was expected, and the remedy. */
const messages = {
  // options
  'bad-option': (f: Facts) =>
    `Option ${f.option}: got ${show(f.got)}, expected ${f.expected}.${f.remedy ? ` ${f.remedy}` : ''}`,
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
  // engine
  'engine-ranks-only': () =>
    'This engine was opened without a training plan, so it can rank but not train. Open it with plan.training to train.',
  'memory-limit': (f: Facts) =>
    `The tables need ${gigabytes(f.bytes)} GiB, the engine has ${gigabytes(f.limit)}: ${f.users} users and ${f.items} items at dimension ${f.dimension} take ${f.bytesPerRow} bytes a row. Use a smaller dimension, fewer negatives or rows a batch, or leave out rare users and items (k-core).`,
  'memory-refused': (f: Facts) =>
    `The system refused the ${gigabytes(f.bytes)} GiB of memory that ${f.users} users and ${f.items} items at dimension ${f.dimension} need. Free some, raise the limit of the process, or use a smaller dimension.`,
  'engine-thread': (f: Facts) =>
    `Thread ${f.thread} of the engine failed: ${f.reason}. The engine is closed; open a new one, with fewer threads if memory ran out.`,
  // training
  aborted: (f: Facts) =>
    `Stopped on request${f.epoch ? ` in epoch ${f.epoch}, after step ${f.step}` : ''}.${f.checkpoint ? ` The last checkpoint is kept: ${f.checkpoint}; resume to continue from it.` : ''}`,
  diverged: (f: Facts) =>
    `Training diverged in epoch ${f.epoch}, step ${f.step}: ${f.what} is ${f.value}, expected a number of ordinary size (loss ${f.loss}, learning rate ${f.learningRate}${listed(f.temperatures)}). Try a smaller learning rate, a larger temperature, or cosine scores.`,
  'checkpoint-mismatch': (f: Facts) =>
    `${f.path}: is a checkpoint of another ${f.what}: got ${show(f.got)}, expected ${show(f.expected)}. Continue it under the settings and data it began with, or start afresh without resuming.`,
  'bad-checkpoint': (f: Facts) =>
    `${f.path}: is not a checkpoint of this version: ${f.problem}. Start afresh without resuming.`,
  'coordinator-died': (f: Facts) =>
    `The training thread ended unexpectedly (${f.reason}). If memory ran out, use a smaller dimension or batch.`,
  // updates
  'no-training-state': (f: Facts) =>
    `${f.model}: was saved without its training state, and a model of backbone ${f.backbone} cannot go on without: its base embeddings are part of it. Train anew and keep it (keepState: true of train; taurec train keeps it by default).`,
  'update-imported': () =>
    'Cannot update: the embeddings were imported, and what trained them is not known here. Update them there and import them again, or train a model of the interactions.',
  'update-source': (f: Facts) =>
    `Cannot update: the model was trained with ${f.got}, which taurec does not load by itself. Give it: the option ${f.kind} of updateModel, or --${f.kind}-module.`,
  // data
  'duplicate-id': (f: Facts) => `The id ${show(f.id)} comes twice where ids must be distinct.`,
  'file-not-found': (f: Facts) => `${f.file}: no such file. Check the path.`,
  'unreadable-file': (f: Facts) =>
    `${f.file}: cannot be read as ${f.format}: ${f.reason} Name the format with the option format (--format) if the guess is wrong.`,
  'empty-data': (f: Facts) => `${f.file}: ${f.reason}; expected at least one interaction.`,
  'missing-column': (f: Facts) =>
    `${f.file}: no column ${show(f.got)} for ${f.role}; the columns are: ${(f.columns as string[]).join(', ')}. Name one of them, or give a position from 1.`,
  'bad-row': (f: Facts) =>
    `${f.file}, ${f.unit ?? 'line'} ${f.line}, column ${f.column}: got ${show(f.got)}, expected ${f.expected}. Correct the ${f.unit === 'row' ? 'table' : 'file'}, or skip such rows (onBadRow: 'skip', --on-bad-row skip).`,
  // databases
  'bad-database-place': (f: Facts) =>
    `Not a usable ${f.kind} place: ${f.reason}, expected ${f.expected}. Special characters are written %XX (@ is %40, & is %26); a password may be left to PGPASSWORD or ~/.pgpass.`,
  'database-unreachable': (f: Facts) => `${f.place}: the server cannot be reached: ${f.reason}. ${f.remedy}`,
  'database-login': (f: Facts) =>
    `${f.place}: the server refused the login: ${f.reason}. Check the user and the password (in the URL, in PGPASSWORD or in ~/.pgpass).`,
  'database-failed': (f: Facts) => `${f.place}: ${f.reason}. ${f.remedy}`,
  // feedback
  'bad-feedback': (f: Facts) =>
    `Event ${f.event} of ${f.count}, ${f.field}: got ${shortened(f.got)}, expected ${f.expected}. Nothing was stored; correct the event and send all again.`,
  'feedback-closed': (f: Facts) => `${f.place}: the log was closed. Open it again with openFeedback.`,
  'feedback-overload': (f: Facts) =>
    `${f.place}: ${f.waiting} events wait to be written, at most ${f.limit} may. Send them again later, or find out what keeps the database.`,
  'feedback-table': (f: Facts) =>
    `${f.place}: the table ${f.table} is not a feedback log: ${f.problem}. Name another table (?table=NAME), which is created when it is missing.`,
  // models
  'bad-safetensors': (f: Facts) =>
    `${f.path}: not a readable safetensors file: ${f.problem}. Restore it from a copy, or train and save the model again.`,
  'bad-model': (f: Facts) => `${f.path}: ${f.problem}. Restore the model from a copy, or train and save it again.`,
  'no-model': (f: Facts) =>
    `${f.directory}: not a taurec model: ${f.problem}. Give the folder that \`taurec train --out\` or saveModel wrote.`,
  'newer-model': (f: Facts) =>
    `${f.path}: the model has format version ${f.got}, this taurec reads up to ${f.expected}. Update taurec: npm install taurec@latest.`,
  'not-a-model': (f: Facts) =>
    `${f.directory}: would be overwritten, but is not a taurec model: it holds ${f.got}. Give a new or empty folder, or one that holds a taurec model.`,
  'model-changed': (f: Facts) =>
    `${f.directory}: another program wrote the model while it was being updated; writing over that would lose what it added, so nothing was written. Update again, one at a time.`,
  'unknown-id': (f: Facts) =>
    `Unknown ${f.kind} ${show(f.id)}: it is not among the ${f.count} ${f.kind}s the model was trained on. ${f.remedy}`,
  'fold-in-loss': (f: Facts) =>
    `Cannot fold in: the model was trained with ${f.got}, which taurec does not run by itself. Give it on opening: Recommender.open(directory, { loss }).`,
  // embeddings to and from other programs
  'cannot-export': (f: Facts) => `Cannot export as ${f.format}: ${f.problem}. ${f.remedy}`,
  'not-an-export': (f: Facts) =>
    `${f.directory}: would be overwritten, but is not an export of taurec: it holds ${f.got}. Give a new or empty folder, or one that an export was written to.`,
  'bad-embeddings': (f: Facts) => `${f.file}: ${f.problem}.${f.remedy ? ` ${f.remedy}` : ''}`,
  'no-index': (f: Facts) => `${f.directory}: ${f.problem}. Build it: taurec index ${f.directory}`,
  'missing-package': (f: Facts) => `${f.what} needs the package ${f.name}, which ${f.problem}. npm install ${f.name}`,
  // evaluation
  'evaluation-shape': (f: Facts) =>
    `Cannot evaluate: ${f.what} has ${f.got} items, expected ${f.expected}, the items of the training data. Evaluate with the data set that the model was trained on.`,
  'not-comparable': (f: Facts) =>
    `The two results cannot be compared: ${f.what}: got ${f.got}, expected ${f.expected}. Evaluate both runs on the same data, with the same protocol and per-user output.`,
  'bad-result': (f: Facts) =>
    `${f.path}: not a usable taurec result file: ${f.problem}. Write it again with taurec evaluate of this version or a later one.`,
  // experiments
  'bad-runs': (f: Facts) =>
    `${f.path}, line ${f.line}: got ${show(f.got)}, expected the record of a run. Remove the line, or give another folder.`,
  'folder-in-use': (f: Facts) =>
    `${f.folder}: process ${f.pid} on ${f.host} works in it. Wait for its end, or give another folder (--out). If it is not taurec, remove the file lock in the folder.`,
  'failed-run': (f: Facts) =>
    `${f.run}: ${f.reason} It is remembered, and not tried again: change its options, or remove its line from runs.jsonl (key ${String(f.key).slice(0, 16)}…).`,
  'no-test-users': (f: Facts) =>
    `None of ${f.users} users has both test items and an embedding, expected at least one. Check that the test file uses the ids of the training file.`,
  // tuning
  'study-mismatch': (f: Facts) =>
    `${f.folder}: holds a study of another ${f.what}: got ${shortly(f.got)}, expected ${shortly(f.expected)}. Go on with it under the settings and data it began with, or give another folder (--folder).`,
  'queue-unreachable': (f: Facts) =>
    `${f.url}: the queue cannot be reached: ${f.reason}. Check the URL, and that the server runs and lets this machine in.`,
  'other-data': (f: Facts) =>
    `This worker has ${f.what} ${shortly(f.got)}, expected ${f.expected} as in the queue. Its trials are left for others. Give the same file with the same options for reading and dividing it, and the same version of taurec.`,
  'no-trial': (f: Facts) =>
    `None of ${f.trials} trials gave a value, expected at least one: ${f.reason} Look at the space: a lower learning rate, a higher temperature.`,
  // experiments
  'bad-report': (f: Facts) => `The report ${show(f.report)} cannot be written: ${f.problem}, expected ${f.expected}.`,
  // serving
  'cannot-listen': (f: Facts) =>
    `Cannot listen on ${f.host}, port ${f.port}: ${f.reason}. Give another port (--port; 0 takes a free one) or another address (--host).`,
  'no-route': (f: Facts) => `There is no ${f.path}. The API is described at /openapi.json and, for people, at /docs.`,
  'wrong-method': (f: Facts) => `${f.path} does not take ${f.got}, expected ${f.expected}.`,
  'wrong-host': (f: Facts) =>
    `The request asks for the host ${show(f.got)}, which is not known as a name of this server. Allow the name (--allowed-hosts), or start the server with a token.`,
  'no-token': (f: Facts) => `The request carries ${f.got}, expected the header Authorization: Bearer <token>.`,
  'reload-closed': () =>
    'Reloading by request needs a token: start the server with one (--token-file), send SIGHUP, or let it watch the model directory (--reload-interval).',
  'reload-failed': (f: Facts) => `The newer model does not open, the older one stays: ${f.reason}`,
  'bad-request': (f: Facts) => `The request cannot be served: ${f.problem}.`,
  'body-too-large': (f: Facts) => `The body has more than the ${f.limit} bytes that are taken. Send less at a time.`,
  'wrong-body-type': (f: Facts) => `The body comes as ${show(f.got)}, expected ${f.expected}.`,
  'body-timeout': (f: Facts) => `The request was not complete in time: ${f.problem}.`,
  'client-gone': () => 'The client closed the connection before its request was answered.',
  overloaded: (f: Facts) => `${f.got} wait already, expected at most ${f.limit}. Try again in a moment.`,
  deadline: (f: Facts) => `There was no answer within ${f.seconds} s. Ask for less at a time, or try again later.`,
  'scoring-ended': (f: Facts) =>
    `The thread that scores has ended (${f.reason}). A new one is being started; try again in a moment.`,
  'server-closing': () => 'The server is shutting down. Try again in a moment.',
  'feedback-off': () => 'This server keeps no feedback. Start it with --feedback PLACE.',
  'feedback-failed': (f: Facts) =>
    `The feedback log cannot be written or read${f.reason ? `: ${f.reason}` : ''}. Try again in a moment; events with ids of their own never count twice.`,
  'server-fault': () => 'Something went wrong in the server; its log says what, under the id of this request.',
} satisfies Record<string, (facts: Facts) => string>;

/** The code of a `TaurecError`: what programs test for. Codes stay; wording may change. */
export type ErrorCode = keyof typeof messages;

/** The one error class: a stable code for programs, facts for logs, a message for people. */
export class TaurecError extends Error {
  override readonly name = 'TaurecError';
  readonly code: ErrorCode;
  readonly facts: Facts;

  constructor(code: ErrorCode, facts: Facts = {}, options?: ErrorOptions) {
    super(withoutPasswords(messages[code](facts)), options);
    this.code = code;
    this.facts = Object.fromEntries(
      Object.entries(facts).map(([name, fact]) => [name, typeof fact === 'string' ? withoutPasswords(fact) : fact]),
    );
  }
}

/** A text with the passwords of database URLs taken out, whatever else is wrong with the URLs: people paste messages, and logs are kept. */
export function withoutPasswords(text: string): string {
  return text
    .replace(/((?:postgres(?:ql)?|rediss?):\/\/[^\s:@/?#]*):(?:\S*@|[^@\n]*@)/gi, '$1@')
    .replace(/([?&](?:ssl)?password=)[^&\s"']*/gi, '$1…');
}

function listed(values: unknown): string {
  return Object.entries(values as object)
    .map(([name, value]) => `, ${name} ${value}`)
    .join('');
}

function gigabytes(bytes: unknown): string {
  return ((bytes as number) / 1024 ** 3).toFixed(2);
}

/** JSON, cut where it is long. */
function shortly(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

/** A value that came from outside, at most a line of it. */
function shortened(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
