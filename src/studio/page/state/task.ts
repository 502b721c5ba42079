import { type Signal, signal } from '@preact/signals';
import type { Control, Failure } from '../../session.ts';
import { failureOf } from '../../workbench/failure.ts';
import { isStopped } from './failure.ts';

/** The states that every screen shows: empty, working, failed, done. */
export type TaskState<T> =
  | { readonly state: 'empty' }
  | { readonly state: 'working'; readonly done?: number; readonly total?: number }
  | { readonly state: 'failed'; readonly failure: Failure }
  | { readonly state: 'done'; readonly value: T };

/** A call that is followed, cancelled and tried again. A new call ends the one before: what is outdated never shows. */
export class Task<T> {
  readonly state: Signal<TaskState<T>> = signal({ state: 'empty' });
  #abort: AbortController | undefined;
  #before: TaskState<T> = { state: 'empty' };
  #work: ((control: Control) => Promise<T>) | undefined;

  /** The value of the last call that ended well. */
  get value(): T | undefined {
    return this.state.value.state === 'done' ? this.state.value.value : undefined;
  }

  /** Starts a call. The promise has its value, or undefined when it failed, was cancelled or is outdated; it never rejects. */
  async run(work: (control: Control) => Promise<T>): Promise<T | undefined> {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.#work = work;
    if (this.state.peek().state !== 'working') this.#before = this.state.peek();
    this.state.value = { state: 'working' };
    try {
      const onProgress: Control['onProgress'] = ({ done, total }) => {
        if (this.#abort === abort) this.state.value = { state: 'working', done, total };
      };
      const value = await work({ signal: abort.signal, onProgress });
      if (this.#abort !== abort) return undefined;
      this.state.value = { state: 'done', value };
      return value;
    } catch (error) {
      if (this.#abort !== abort) return undefined;
      this.state.value = isStopped(error) ? this.#before : { state: 'failed', failure: failureOf(error) };
      return undefined;
    }
  }

  /** Replaces the value by one that is known already. */
  settle(value: T): void {
    this.#abort?.abort();
    this.#abort = undefined;
    this.state.value = { state: 'done', value };
  }

  /** Stops the call; the state before it is shown again, at once. */
  cancel(): void {
    if (this.state.peek().state !== 'working') return;
    this.#abort?.abort();
    this.#abort = undefined;
    this.state.value = this.#before.state === 'failed' ? { state: 'empty' } : this.#before;
  }

  /** Repeats the last call. */
  readonly retry = (): void => {
    if (this.#work) void this.run(this.#work);
  };

  /** Forgets everything, as for data that are no longer in use. */
  reset(): void {
    this.#abort?.abort();
    this.#abort = undefined;
    this.#before = { state: 'empty' };
    this.state.value = this.#before;
  }
}
