// Errors of the command line: their exit codes, and their texts for people and for programs.

import { type Command, CommanderError } from 'commander';
import { infinityAsText } from '../array/infinity-as-text.ts';
import { TaurecError, withoutPasswords } from '../errors.ts';
import { visible, visibleLines } from './output.ts';

/** Wrong usage that the option parsers cannot detect, such as flags that exclude each other. The message names the given and the expected. */
export class UsageError extends Error {}

/** An error with a line of advice, printed after it. */
export class AdvisedError extends Error {
  readonly advice: string;

  constructor(cause: unknown, advice: string) {
    super('', { cause });
    this.advice = advice;
  }
}

/** The exit code for an error: 0 done (help was printed), 1 failed, 2 wrong usage, 130 interrupted. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof AdvisedError) return exitCodeOf(error.cause);
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof UsageError) return 2;
  if (!(error instanceof TaurecError)) return 1;
  if (error.code === 'aborted') return 130;
  return error.code === 'bad-option' || error.code === 'unknown-name' ? 2 : 1;
}

/** Renames a wrong option of the library to the flag that set it: `validRatio` becomes `--valid-ratio`. Other errors stay as they are. */
export function underFlag(error: unknown, command: Command | undefined): unknown {
  if (!(error instanceof TaurecError) || error.code !== 'bad-option') return error;
  const flagOf = (name: unknown) => command?.options.find((option) => option.attributeName() === name)?.long;
  const { option, conflict } = error.facts;
  const flag = flagOf(option);
  const facts = { ...error.facts, option: flag, ...(flagOf(conflict) && { conflict: flagOf(conflict) }) };
  return flag ? new TaurecError('bad-option', facts, { cause: error }) : error;
}

/** The text of an error for standard error; '' for errors that commander has already printed. With `debug` it holds the stack. */
export function errorText(error: unknown, debug: boolean): string {
  if (error instanceof AdvisedError) return `${errorText(error.cause, debug)}${error.advice}\n`;
  if (error instanceof CommanderError) return '';
  if (!(error instanceof Error)) return `taurec: ${String(error)}\n`;
  const text = debug ? (error.stack ?? error.message) : (systemMessage(error) ?? error.message);
  return `taurec: ${visibleLines(withoutPasswords(text))}\n`;
}

/** The error of a command with --json: `{code, message, facts?, remedy?}` on one line. Wrong usage that only the command line detects has the code `usage`. */
export function errorJson(error: unknown): string {
  const cause = error instanceof AdvisedError ? error.cause : error;
  const { remedy: own, ...facts } = cause instanceof TaurecError ? cause.facts : {};
  const remedy = error instanceof AdvisedError ? error.advice : own;
  const message = cause instanceof Error ? (systemMessage(cause) ?? cause.message) : String(cause);
  const object = {
    code: codeOf(cause),
    message: withoutPasswords(message.replace(/^error: /, '')),
    ...(Object.keys(facts).length > 0 && { facts }),
    ...(typeof remedy === 'string' && { remedy }),
  };
  return `${visible(JSON.stringify(object, infinityAsText))}\n`;
}

/** The code of a TaurecError or a system error, `usage`, or `failed`. */
function codeOf(error: unknown): string {
  if (error instanceof UsageError || error instanceof CommanderError) return 'usage';
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : 'failed';
}

/** A file system error in plain words; undefined for any other error. */
function systemMessage(error: NodeJS.ErrnoException): string | undefined {
  const reasons: Record<string, string> = {
    EACCES: 'no permission',
    EPERM: 'no permission',
    EISDIR: 'is a folder, expected a file',
    ENOENT: 'no such file or folder',
    ENOSPC: 'no space left on the disk',
    EROFS: 'the disk is read-only',
  };
  const remedies: Record<string, string> = {
    EACCES: ' Choose a place that this user may use, or let its owner change its permissions.',
    EPERM: ' Choose a place that this user may use, or let its owner change its permissions.',
    ENOSPC: ' Free some space, or choose a place on another disk.',
    EROFS: ' Choose a place on another disk.',
  };
  const code = error.code ?? '';
  return reasons[code] && `${error.path ?? error.syscall}: ${reasons[code]}.${remedies[code] ?? ''}`;
}
