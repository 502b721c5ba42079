import type { SingleBar } from 'cli-progress';
import { count, duration } from './output.ts';
import { progressBar } from './progress-bar.ts';

/** Milliseconds before anything is shown, and between two plain lines. */
const INTERVAL = 1000;

/** Shows how many users (or whatever is counted) a long piece of work has done, with rate and time left: a bar on a terminal, plain lines (one a second at most) elsewhere; nothing for work that is done within a second. */
export class WorkProgress {
  readonly #stream: NodeJS.WriteStream;
  readonly #bar: SingleBar | undefined;
  #what = '';
  #unit = 'users';
  #started = 0;
  #lastLine = 0;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    if (stream.isTTY) this.#bar = progressBar(stream, '{what} {bar} {percentage}% · {facts}');
  }

  /** A piece of work begins. */
  start(what: string, unit = 'users'): void {
    this.close();
    this.#what = what;
    this.#unit = unit;
    this.#started = performance.now();
    this.#lastLine = this.#started;
  }

  update(done: number, total: number): void {
    const now = performance.now();
    const seconds = (now - this.#started) / 1000;
    const left = (seconds / done) * (total - done);
    const facts = `${count(Math.round(done / seconds))} ${this.#unit}/s · ${duration(left)} left`;
    if (this.#bar?.isActive) this.#bar.update(done, { facts });
    else if (now - this.#lastLine >= INTERVAL && done < total) {
      this.#lastLine = now;
      if (this.#bar) this.#bar.start(total, done, { what: this.#what, facts });
      else this.#stream.write(`${this.#what}: ${count(done)} of ${count(total)} ${this.#unit} · ${facts}\n`);
    }
  }

  /** Clears the bar, also after an error. */
  close(): void {
    if (this.#bar?.isActive) this.#bar.stop();
  }
}
