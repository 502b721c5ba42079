import type { TrainEvent } from '../training/events.ts';
import { duration } from './output.ts';
import { Progress } from './progress.ts';
import type { Output } from './terminal.ts';

/** Shows trainings of recipes: a bar on a terminal, a line for each training elsewhere. */
export class RecipeProgress {
  readonly #progress: Progress;
  readonly #runs: number;
  readonly #started = performance.now();
  /** The finished part of each running training, by its name. */
  readonly #parts = new Map<string, number>();
  #done = 0;

  constructor(stream: Output, runs: number) {
    this.#progress = new Progress(stream);
    this.#runs = runs;
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
    const left = this.#done < this.#runs ? `${duration(pace * (this.#runs - this.#done))} left` : undefined;
    this.#show(name, left);
    const facts = [`${this.#done}/${this.#runs}`, name, left].filter((text) => text !== undefined);
    this.#progress.sayPlain(() => facts.join(' · '), true);
  }

  /** Removes the bar, also after an error and before other output; the next event shows it again. */
  close(): void {
    this.#progress.close();
  }

  #show(detail: string, left?: string): void {
    const done = [...this.#parts.values()].reduce((sum, part) => sum + part, this.#done);
    const measure = `${this.#done}/${this.#runs}`;
    this.#progress.showBar({ label: '', part: done / this.#runs, measure, details: [detail], left });
  }
}
