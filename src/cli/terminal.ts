import { basename, relative } from 'node:path';
import { infinityAsText } from '../array/infinity-as-text.ts';
import { withoutPasswords } from '../errors.ts';
import { shellWord } from '../platform/shell-word.ts';
import { boldOff, boldOn, visible, visibleLines } from './output.ts';

/** A stream that a command writes to. Terminals have `isTTY` and a size. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  /** Size of the terminal in characters. */
  readonly columns?: number;
  readonly rows?: number;
  /** File descriptor; 2 for the standard error of the process. */
  readonly fd?: number;
}

/** The streams, environment and signals of a command line: those of the process, or those of a program that calls `run` itself. */
export interface CommandIo {
  readonly stdout: Output;
  readonly stderr: Output;
  /** Environment variables. Default: those of the process. Experiments and recipes always find data sets by the process's own TAUREC_DATA. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Interrupts the command as Ctrl-C does. */
  readonly signal?: AbortSignal;
  /** Registers a listener that is called when a running server should reload its model (SIGHUP). */
  readonly onHangup?: (listener: () => void) => void;
  /** Path of the started script, for the commands that notes tell the user to type. Default: `taurec` is on the path. */
  readonly script?: string;
}

/** The terminal of one command: output, environment, interruption and the exit code. */
export class Terminal {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Exit code of a command that throws no error; a command may set it. */
  exitCode = 0;
  readonly #argv: readonly string[];
  readonly #io: CommandIo;

  constructor(argv: readonly string[], io: CommandIo) {
    this.stdout = io.stdout;
    this.stderr = io.stderr;
    this.env = io.env ?? process.env;
    this.#argv = argv;
    this.#io = io;
  }

  /** Prints a result on standard output, without bold type where that is no terminal. Control characters are escaped: ids and titles come from files of anybody. */
  print(text: string): void {
    const shown = this.stdout.isTTY ? text : text.replaceAll(boldOn, '').replaceAll(boldOff, '');
    this.stdout.write(`${visibleLines(shown)}\n`);
  }

  /** Prints one JSON object on one line. Infinity becomes "inf". */
  printJson(value: unknown): void {
    // JSON leaves DEL and the C1 control characters as they are; terminals obey them.
    this.stdout.write(`${visible(JSON.stringify(value, infinityAsText))}\n`);
  }

  /** Prints a note on standard error, so that piped results stay clean. */
  note(text: string): void {
    this.stderr.write(`${visibleLines(text)}\n`);
  }

  /** Returns a function that prints notes, or nothing if the command is quiet. */
  notes(quiet: boolean | undefined): (text: string) => void {
    return quiet ? () => {} : (text) => this.note(text);
  }

  /** A taurec command as the user can type it: `taurec …`, `npx taurec …` or `node dist/programs/taurec.js …`, quoted for a shell and without passwords of databases. */
  commandLine(...args: readonly string[]): string {
    return [this.#program(), ...args.map(argument)].join(' ');
  }

  /**
   * The same command for a report, which is read on other machines: always `npx taurec …`, never the path of this machine's script. Paths among the arguments stay
   * as the user gave them. Default: the running command.
   */
  commandForReport(...args: readonly string[]): string {
    return ['npx taurec', ...(args.length > 0 ? args : this.#argv).map(argument)].join(' ');
  }

  /** The running command, without the flag `without` and with the arguments `added`. */
  thisCommand(without?: string, ...added: readonly string[]): string {
    return this.commandLine(...this.#argv.filter((arg) => arg !== without), ...added);
  }

  /** Runs work with a signal that Ctrl-C aborts. Outside of such work, Ctrl-C ends the process at once. */
  async interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    const stop = () => controller.abort();
    const { signal } = this.#io;
    if (signal?.aborted) stop();
    // This listener also tells main.ts, which counts the signal's listeners, that the command can be interrupted.
    signal?.addEventListener('abort', stop, { once: true });
    try {
      return await work(controller.signal);
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  /** Registers a listener for SIGHUP. */
  onHangup(listener: () => void): void {
    this.#io.onHangup?.(listener);
  }

  /** The program as the user started it. */
  #program(): string {
    const { script } = this.#io;
    // npx sets npm_command to "exec".
    if (this.env.npm_command === 'exec') return 'npx taurec';
    return script !== undefined && basename(script) === 'taurec.js'
      ? `node ${shellWord(relative('', script))}`
      : 'taurec';
  }
}

/** An argument for a shell, with passwords of database URLs removed. */
function argument(text: string): string {
  return shellWord(withoutPasswords(text));
}
