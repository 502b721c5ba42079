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
  // data
  'duplicate-id': (f: Facts) => `The id ${show(f.id)} comes twice where ids must be distinct.`,
  'file-not-found': (f: Facts) => `${f.file}: no such file. Check the path.`,
  'unreadable-file': (f: Facts) =>
    `${f.file}: cannot be read as ${f.format}: ${f.reason} Name the format with the option format (--format) if the guess is wrong.`,
  'empty-data': (f: Facts) => `${f.file}: ${f.reason}; expected at least one interaction.`,
  'missing-column': (f: Facts) =>
    `${f.file}: no column ${show(f.got)} for ${f.role}; the columns are: ${(f.columns as string[]).join(', ')}. Name one of them, or give a position from 1.`,
  'bad-row': (f: Facts) =>
    `${f.file}, line ${f.line}, column ${f.column}: got ${show(f.got)}, expected ${f.expected}. Correct the file, or skip such rows (onBadRow: 'skip', --on-bad-row skip).`,
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
  'unknown-id': (f: Facts) =>
    `Unknown ${f.kind} ${show(f.id)}: it is not among the ${f.count} ${f.kind}s the model was trained on. ${f.remedy}`,
  'fold-in-loss': (f: Facts) =>
    `Cannot fold in: the model was trained with ${f.got}, which taurec does not run by itself. Give it on opening: Recommender.open(directory, { loss }).`,
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
  // experiments
  'bad-report': (f: Facts) => `The report ${show(f.report)} cannot be written: ${f.problem}, expected ${f.expected}.`,
} satisfies Record<string, (facts: Facts) => string>;

/** The code of a `TaurecError`: what programs test for. Codes stay; wording may change. */
export type ErrorCode = keyof typeof messages;

/** The one error class: a stable code for programs, facts for logs, a message for people. */
export class TaurecError extends Error {
  override readonly name = 'TaurecError';
  readonly code: ErrorCode;
  readonly facts: Facts;

  constructor(code: ErrorCode, facts: Facts = {}, options?: ErrorOptions) {
    super(messages[code](facts), options);
    this.code = code;
    this.facts = facts;
  }
}

function listed(values: unknown): string {
  return Object.entries(values as object)
    .map(([name, value]) => `, ${name} ${value}`)
    .join('');
}

function gigabytes(bytes: unknown): string {
  return ((bytes as number) / 1024 ** 3).toFixed(2);
}

function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
