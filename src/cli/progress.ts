// Progress displays: `Progress` draws frames and lines, `WorkProgress` shows work that counts users or other units.

import cliTruncate from 'cli-truncate';
import { createLogUpdate } from 'log-update';
import stringWidth from 'string-width';
import { count, duration } from './output.ts';
import type { Output } from './terminal.ts';

/** Milliseconds between two frames on a terminal, and between two plain lines elsewhere. */
const FRAME_INTERVAL = 100;
const LINE_INTERVAL = 1000;
/** Smallest and largest width of the bar in columns. With less room the bar is left out. */
const LEAST_BAR = 8;
const MOST_BAR = 24;

/** Escape sequences of ANSI terminals. */
const hideCursor = '\x1b[?25l';
const showCursor = '\x1b[?25h';

/** Returns the lines to draw on a terminal with the given number of columns and rows. */
export type Frame = (columns: number, rows: number) => string[];

/** One line of progress. On a narrow terminal the bar shrinks first, then details are dropped from the end; rate and time left stay. */
export interface Bar {
  readonly label: string;
  /** The finished part, from 0 to 1. */
  readonly part: number;
  /** The finished part as text: '50%', '3/10'. */
  readonly measure: string;
  readonly details?: readonly string[];
  readonly rate?: string;
  /** Time left. */
  readonly left?: string;
}

/**
 * The single output for progress. On a terminal each frame replaces the previous one, and every line is cut to the visible width. On other streams plain lines are
 * written.
 */
export class Progress {
  readonly #stream: Output;
  /** Draws over the previous frame. Undefined where the stream is no terminal. */
  readonly #screen: ReturnType<typeof createLogUpdate> | undefined;
  #frame: Frame | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Number of lines of the last frame. */
  #height = 0;
  /** Times of the last frame and of the last plain line, in milliseconds of `performance.now()`. */
  #drawn = Number.NEGATIVE_INFINITY;
  #lastLine = Number.NEGATIVE_INFINITY;

  constructor(stream: Output) {
    this.#stream = stream;
    if (stream.isTTY) this.#screen = createLogUpdate(stream as NodeJS.WriteStream, { showCursor: true });
  }

  get isTerminal(): boolean {
    return this.#screen !== undefined;
  }

  /** True while a frame is on the screen. */
  get isShown(): boolean {
    return this.#frame !== undefined;
  }

  /** Shows a frame, at most ten times a second; the latest frame always appears. Does nothing where the stream is no terminal. */
  show(frame: Frame): void {
    if (!this.#screen) return;
    if (!this.#frame) this.#stream.write(hideCursor);
    this.#frame = frame;
    const wait = this.#drawn + FRAME_INTERVAL - performance.now();
    if (wait <= 0) this.#draw();
    // One timer at a time; it draws whatever frame is the latest then. `unref`: it must not keep the process alive.
    else this.#timer ??= setTimeout(() => this.#draw(), wait).unref();
  }

  /** Shows a frame of one bar, laid out for the terminal's current width. */
  showBar(bar: Bar): void {
    this.show((columns) => [barLine(bar, columns)]);
  }

  /** Writes a line that stays on the screen, above the frame. */
  say(text: string): void {
    this.#screen?.clear();
    this.#stream.write(`${text}\n`);
    if (this.#frame) this.#draw();
  }

  /** Writes a line where the stream is no terminal: at most one a second unless `always`. `text` is called only if the line is written. */
  sayPlain(text: () => string, always = false): void {
    const now = performance.now();
    if (this.#screen || (!always && now - this.#lastLine < LINE_INTERVAL)) return;
    this.#lastLine = now;
    this.#stream.write(`${text()}\n`);
  }

  /** Lets no plain line through for a second, so that short work prints nothing. */
  holdPlain(): void {
    this.#lastLine = performance.now();
  }

  /** Removes the frame, or leaves `last` on the screen in its place. The next `show` begins again. */
  close(last?: Frame): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#screen || !this.#frame) return;
    this.#frame = last;
    if (last) this.#draw();
    else this.#screen.clear();
    this.#screen.done();
    this.#stream.write(showCursor);
    this.#frame = undefined;
    this.#drawn = Number.NEGATIVE_INFINITY;
  }

  #draw(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#frame) return;
    this.#drawn = performance.now();
    // One column stays free: a full line would wrap on some terminals.
    const columns = (this.#stream.columns ?? 80) - 1;
    const lines = this.#frame(columns, this.#stream.rows ?? 24);
    // log-update skips lines equal to those of the previous frame, even where they have moved. A frame of another height is therefore drawn on a cleared screen.
    if (lines.length !== this.#height) this.#screen!.clear();
    this.#height = lines.length;
    this.#screen!(lines.map((line) => cliTruncate(line, columns)).join('\n'));
  }
}

/** Lays out a bar in at most `columns` columns. */
export function barLine({ label, part, measure, details = [], rate, left }: Bar, columns: number): string {
  const shown = [...details];
  const tail = () => [measure, ...shown, rate, left].filter((text) => text !== undefined && text !== '').join(' · ');
  // Visible width of a text with the blank that separates it from its neighbour.
  const space = (text: string) => (text === '' ? 0 : stringWidth(text) + 1);
  // Columns left for the bar.
  const room = () => columns - space(label) - space(tail());
  while (shown.length > 0 && room() < LEAST_BAR) shown.pop();
  const cells = Math.min(MOST_BAR, room());
  if (cells < LEAST_BAR) return `${cliTruncate(label, Math.max(1, columns - space(tail())))} ${tail()}`;
  const full = Math.round(Math.min(1, Math.max(0, part)) * cells);
  const bar = `${'█'.repeat(full)}${'░'.repeat(cells - full)}`;
  return [label, bar, tail()].filter((text) => text !== '').join(' ');
}

/** Shows the number of finished users (or other units) with rate and time left. Work of less than a second shows nothing. */
export class WorkProgress {
  readonly #progress: Progress;
  #what = '';
  #unit = 'users';
  #started = 0;

  constructor(stream: Output) {
    this.#progress = new Progress(stream);
  }

  /** Begins a piece of work. `what` is its label. */
  start(what: string, unit = 'users'): void {
    this.close();
    this.#what = what;
    this.#unit = unit;
    this.#started = performance.now();
    this.#progress.holdPlain();
  }

  update(done: number, total: number): void {
    const milliseconds = performance.now() - this.#started;
    const rate = `${count(Math.round((1000 * done) / milliseconds))} ${this.#unit}/s`;
    const left = `${duration((milliseconds / 1000 / done) * (total - done))} left`;
    // A bar that appears and vanishes at once would flicker.
    const isLong = milliseconds >= LINE_INTERVAL && done < total;
    if (this.#progress.isShown || isLong) {
      const part = done / total;
      this.#progress.showBar({ label: this.#what, part, measure: `${Math.floor(100 * part)}%`, rate, left });
    }
    if (done < total) {
      this.#progress.sayPlain(
        () => `${this.#what}: ${count(done)} of ${count(total)} ${this.#unit} · ${rate} · ${left}`,
      );
    }
  }

  /** Removes the bar; safe to call twice. */
  close(): void {
    this.#progress.close();
  }
}
