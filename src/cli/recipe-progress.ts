import type { SingleBar } from 'cli-progress';
import type { TrainEvent } from '../training/events.ts';
import { duration } from './output.ts';
import { progressBar } from './progress-bar.ts';

/** Shows how trainings of recipes go on: a bar on a terminal, a line for each training elsewhere. */
export class RecipeProgress {
  readonly #stream: NodeJS.WriteStream;
  readonly #runs: number;
  readonly #started = performance.now();
  readonly #bar: SingleBar | undefined;
  /** Of the trainings that run now, by name. */
  readonly #parts = new Map<string, number>();
  #done = 0;

  constructor(stream: NodeJS.WriteStream, runs: number) {
    this.#stream = stream;
    this.#runs = runs;
    if (stream.isTTY) this.#bar = progressBar(stream, '{bar} {done}/{runs} · {facts}');
  }

  train(event: TrainEvent, name: string): void {
    if (event.type !== 'progress') return;
    const { step, steps, epoch, epochs, phase } = event;
    this.#parts.set(name, Math.min(1, step / steps));
    this.#show(`${name}${phase === 'refit' ? ', refit' : ''}, epoch ${epoch} of ${epochs}`);
  }

  /** A training is done. */
  run(name: string): void {
    this.#parts.delete(name);
    this.#done++;
    const pace = (performance.now() - this.#started) / 1000 / this.#done;
    const left = this.#done < this.#runs ? ` · ${duration(pace * (this.#runs - this.#done))} left` : '';
    if (this.#bar) this.#show(`${name}${left}`);
    else this.#stream.write(`${this.#done}/${this.#runs} · ${name}${left}\n`);
  }

  /** Clears the bar, also after an error and before something else is written; the next event shows it again. */
  close(): void {
    if (this.#bar?.isActive) this.#bar.stop();
  }

  #show(facts: string): void {
    const value = [...this.#parts.values()].reduce((sum, part) => sum + part, this.#done);
    const payload = { done: this.#done, runs: this.#runs, facts };
    if (this.#bar?.isActive) this.#bar.update(value, payload);
    else this.#bar?.start(this.#runs, value, payload);
  }
}
