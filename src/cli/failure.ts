import { type Command, CommanderError } from 'commander';
import { TaurecError, withoutPasswords } from '../errors.ts';

/** Wrong usage that no option parser sees: what was got and what was expected, in one sentence or two. */
export class UsageError extends Error {}

/** An error with a line of advice below it. */
export class AdvisedError extends Error {
  readonly advice: string;

  constructor(cause: unknown, advice: string) {
    super('', { cause });
    this.advice = advice;
  }
}

/** 0 fine, 1 failed, 2 wrong usage, 130 interrupted. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof AdvisedError) return exitCodeOf(error.cause);
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof UsageError) return 2;
  if (!(error instanceof TaurecError)) return 1;
  if (error.code === 'aborted') return 130;
  return error.code === 'bad-option' || error.code === 'unknown-name' ? 2 : 1;
}

/** A wrong option of the library under the name of the flag that gave it: `--valid-ratio` for `validRatio`. */
export function inFlags(error: unknown, command: Command | undefined): unknown {
  if (!(error instanceof TaurecError) || error.code !== 'bad-option') return error;
  const flagOf = (name: unknown) => command?.options.find((option) => option.attributeName() === name)?.long;
  const { option, conflict } = error.facts;
  const flag = flagOf(option);
  const facts = { ...error.facts, option: flag, ...(flagOf(conflict) && { conflict: flagOf(conflict) }) };
  return flag ? new TaurecError('bad-option', facts, { cause: error }) : error;
}

/** What a person reads of an error; '' for those that commander has printed. With `debug` the stack. */
export function describeError(error: unknown, debug: boolean): string {
  if (error instanceof AdvisedError) return `${describeError(error.cause, debug)}${error.advice}\n`;
  if (error instanceof CommanderError) return '';
  if (!(error instanceof Error)) return `taurec: ${String(error)}\n`;
  const text = debug ? (error.stack ?? error.message) : (systemMessage(error) ?? error.message);
  return `taurec: ${withoutPasswords(text)}\n`;
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
