import { effect, type Signal, signal } from '@preact/signals';
import type { Control } from '../../session.ts';
import { Task } from './task.ts';

/** The answer to a question that changes often: the last answer stays in sight until the next one is there, and what is outdated never shows. */
export class Answer<T> {
  readonly task = new Task<T>();
  /** The last answer; undefined before the first one. */
  readonly shown: Signal<T | undefined> = signal(undefined);
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    effect(() => {
      const now = this.task.state.value;
      if (now.state === 'done') this.shown.value = now.value;
    });
  }

  /** Asks after `wait` milliseconds, unless another question comes first. */
  ask(work: (control: Control) => Promise<T>, wait = 0): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.task.run(work), wait);
  }

  /** Forgets the answer, as for another person: it must not stand under the new name. */
  reset(): void {
    clearTimeout(this.#timer);
    this.task.reset();
    this.shown.value = undefined;
  }
}
