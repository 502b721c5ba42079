/** Facts a message is made of. */
export type Facts = Readonly<Record<string, unknown>>;

/** Every failure taurec reports, by code: the wording lives here and nowhere else. Each message says what was got, what was expected, and the remedy. */
const messages = {
  // options
  'bad-option': (f: Facts) => `Option ${f.option}: got ${show(f.got)}, expected ${f.expected}.${f.remedy ? ` ${f.remedy}` : ''}`,
  'unknown-name': (f: Facts) => `Unknown ${f.kind} ${show(f.got)}; known: ${(f.known as string[]).join(', ')}.`,
  // training
  'aborted': () => 'Stopped on request; the last checkpoint is kept.',
} satisfies Record<string, (facts: Facts) => string>;

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

function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
