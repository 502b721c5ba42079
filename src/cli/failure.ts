import { type Command, CommanderError } from 'commander';
import { infinityAsText } from '../array/infinity-as-text.ts';
import { TaurecError, withoutPasswords } from '../errors.ts';

/** Wrong usage that no option parser sees. The message says what was given and what is expected. */
export class UsageError extends Error {}

/** An error followed by a line of advice. */
export class AdvisedError extends Error {
  readonly advice: string;

  constructor(cause: unknown, advice: string) {
    super('', { cause });
    this.advice = advice;
  }
}

/** 0 done, 1 failed, 2 wrong usage, 130 interrupted. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof AdvisedError) return exitCodeOf(error.cause);
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof UsageError) return 2;
  if (!(error instanceof TaurecError)) return 1;
  if (error.code === 'aborted') return 130;
  return error.code === 'bad-option' || error.code === 'unknown-name' ? 2 : 1;
}

/** A wrong option of the library under the name of the flag that set it: `--valid-ratio` for `validRatio`. */
export function underFlag(error: unknown, command: Command | undefined): unknown {
  if (!(error instanceof TaurecError) || error.code !== 'bad-option') return error;
  const flagOf = (name: unknown) => command?.options.find((option) => option.attributeName() === name)?.long;
  const { option, conflict } = error.facts;
  const flag = flagOf(option);
  const facts = { ...error.facts, option: flag, ...(flagOf(conflict) && { conflict: flagOf(conflict) }) };
  return flag ? new TaurecError('bad-option', facts, { cause: error }) : error;
}

/** The text of an error on standard error; '' for errors that commander has printed. With `debug` the stack. */
export function errorText(error: unknown, debug: boolean): string {
  if (error instanceof AdvisedError) return `${errorText(error.cause, debug)}${error.advice}\n`;
  if (error instanceof CommanderError) return '';
  if (!(error instanceof Error)) return `taurec: ${String(error)}\n`;
  const text = debug ? (error.stack ?? error.message) : (systemMessage(error) ?? error.message);
  return `taurec: ${withoutPasswords(text)}\n`;
}

/** The error of a command with --json: `{code, message, facts?, remedy?}` on one line. Wrong usage has the code `usage`. */
export function errorJson(error: unknown): string {
  const cause = error instanceof AdvisedError ? error.cause : error;
  const facts = cause instanceof TaurecError ? cause.facts : {};
  const remedy = error instanceof AdvisedError ? error.advice : facts.remedy;
  const message = cause instanceof Error ? (systemMessage(cause) ?? cause.message) : String(cause);
  const object = {
    code: codeOf(cause),
    message: withoutPasswords(message.replace(/^error: /, '')),
    ...(Object.keys(facts).length > 0 && { facts }),
    ...(typeof remedy === 'string' && { remedy }),
  };
  return `${JSON.stringify(object, infinityAsText)}\n`;
}

function codeOf(error: unknown): string {
  if (error instanceof UsageError || error instanceof CommanderError) return 'usage';
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : 'failed';
}

/** The file system's errors in plain words. */
function systemMessage(error: NodeJS.ErrnoException): string | undefined {
  const reasons: Record<string, string> = {
    EACCES: 'no permission',
    EPERM: 'no permission',
    EISDIR: 'is a folder, expected a file',
    ENOENT: 'no such file or folder',
    ENOSPC: 'no space left on the disk',
    EROFS: 'the disk is read-only',
  };
  const reason = reasons[error.code ?? ''];
  return reason && `${error.path ?? error.syscall}: ${reason}.`;
}
