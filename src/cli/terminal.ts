import { basename, relative } from 'node:path';
import { infinityAsText } from '../array/infinity-as-text.ts';
import { withoutPasswords } from '../errors.ts';
import { boldOff, boldOn } from './output.ts';

/** A stream that a command writes to. A terminal has `isTTY` and a size. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  /** 2 for the standard error of the process. */
  readonly fd?: number;
}

/** What a command line reads and writes: the process's own streams, or those of a program that runs taurec within itself. */
export interface CommandIo {
  readonly stdout: Output;
  readonly stderr: Output;
  /** Default: the environment of the process. Experiments and recipes find data sets by the process's own TAUREC_DATA in any case. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Stops the command as Ctrl-C does. */
  readonly signal?: AbortSignal;
  /** Calls the listener when a running server should open its model again (SIGHUP). */
  readonly onHangup?: (listener: () => void) => void;
  /** The script that was started, for commands that the user is told to type. Default: `taurec` is on the path. */
  readonly script?: string;
}

/** The terminal of one command: output, environment, interruption and the exit code. */
export class Terminal {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Exit code of a command that ends without an error. */
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

  /** Prints the result of the command on standard output. */
  print(text: string): void {
    const shown = this.stdout.isTTY ? text : text.replaceAll(boldOn, '').replaceAll(boldOff, '');
    this.stdout.write(`${shown}\n`);
  }

  /** Prints one JSON object on a line. Infinity is written "inf". */
  printJson(value: unknown): void {
    this.stdout.write(`${JSON.stringify(value, infinityAsText)}\n`);
  }

  /** Prints a note for the user on standard error. */
  note(text: string): void {
    this.stderr.write(`${text}\n`);
  }

  /** Prints notes, unless the command is quiet. */
  notes(quiet: boolean | undefined): (text: string) => void {
    return quiet ? () => {} : (text) => this.note(text);
  }

  /** A taurec command as the user can type it: `taurec …`, `npx taurec …` or `node dist/cli/main.js …`, quoted for a shell and without passwords of databases. */
  commandLine(...args: readonly string[]): string {
    return [this.#program(), ...args.map(argument)].join(' ');
  }

  /**
   * The same command for a report, which is read on other machines: always `npx taurec …`, never the path of this machine's script. Paths among the
   * arguments stay as the user gave them. Default: the command that runs now.
   */
  commandForReport(...args: readonly string[]): string {
    return ['npx taurec', ...(args.length > 0 ? args : this.#argv).map(argument)].join(' ');
  }

  /** The command that runs now, without the flag and with the flags added. */
  thisCommand(without?: string, ...added: readonly string[]): string {
    return this.commandLine(...this.#argv.filter((arg) => arg !== without), ...added);
  }

  /** Runs work that the command's signal stops. Outside it, Ctrl-C ends the process at once. */
  async interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    const stop = () => controller.abort();
    const { signal } = this.#io;
    if (signal?.aborted) stop();
    // main.ts asks whether the signal has listeners to learn whether the command can be interrupted.
    signal?.addEventListener('abort', stop, { once: true });
    try {
      return await work(controller.signal);
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  onHangup(listener: () => void): void {
    this.#io.onHangup?.(listener);
  }

  #program(): string {
    const { script } = this.#io;
    if (this.env.npm_command === 'exec') return 'npx taurec';
    return script !== undefined && basename(script) === 'main.js' ? `node ${quoted(relative('', script))}` : 'taurec';
  }
}

function argument(text: string): string {
  return quoted(withoutPasswords(text));
}

function quoted(text: string): string {
  return /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
