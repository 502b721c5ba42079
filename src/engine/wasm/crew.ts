import { TaurecError } from '../../errors.ts';

// Words of the control region; verbs keep their own numbers from word 8 on (memory.ts).
const GENERATION = 0;
const VERB = 1;
const ARRIVED = 2;
const POISON = 3;
const TASK = 4;

/** Loads of a shared word before a thread sleeps: about 50 µs, longer than the pauses inside a step. */
const SPINS = 20_000;
/** A verb takes milliseconds: a thread that has not answered after this time counts as dead. */
const PATIENCE_MS = 120_000;

const EXIT = -1;

/**
 * The threads of an engine and their synchronisation. The coordinator starts a verb, all threads (itself included) take tasks from one counter until none is left,
 * and the coordinator waits for the others: spin briefly, then sleep. A thread that fails poisons the crew; the coordinator then throws its error.
 */
export class Crew {
  private readonly control: Int32Array;
  private readonly failure: Uint8Array;
  private readonly threads: number;
  /** Milliseconds the coordinator has waited for the others. */
  waited = 0;

  constructor(control: Int32Array, failure: Uint8Array, threads: number) {
    this.control = control;
    this.failure = failure;
    this.threads = threads;
  }

  /** Coordinator: runs verb `verb` on all threads, or `alone`, on this one. */
  run(verb: number, work: (verb: number) => void, alone = false): void {
    const { control } = this;
    const threads = alone ? 1 : this.threads;
    this.checkPoison();
    Atomics.store(control, TASK, 0);
    if (threads > 1) {
      Atomics.store(control, ARRIVED, 0);
      Atomics.store(control, VERB, verb);
      Atomics.add(control, GENERATION, 1);
      Atomics.notify(control, GENERATION);
    }
    try {
      work(verb);
    } finally {
      if (threads > 1) this.waitForOthers();
    }
    this.checkPoison();
  }

  /** Any thread: the next task of the running verb, from 0. */
  nextTask(): number {
    return Atomics.add(this.control, TASK, 1);
  }

  /** Helper thread: takes part in verbs until the crew is dismissed. */
  serve(thread: number, work: (verb: number) => void): void {
    const { control } = this;
    let seen = 0;
    while (true) {
      seen = waitForChange(control, GENERATION, seen);
      const verb = Atomics.load(control, VERB);
      if (verb === EXIT) return;
      try {
        work(verb);
      } catch (error) {
        this.poison(thread, error instanceof Error ? error.message : String(error));
      }
      if (Atomics.add(control, ARRIVED, 1) === this.threads - 2) Atomics.notify(control, ARRIVED);
    }
  }

  /** Marks the crew as broken; the coordinator throws at its next check. */
  poison(thread: number, message: string): void {
    if (Atomics.compareExchange(this.control, POISON, 0, -1) !== 0) return;
    const bytes = new TextEncoder().encode(message).subarray(0, this.failure.length - 1);
    this.failure.fill(0);
    this.failure.set(bytes);
    Atomics.store(this.control, POISON, thread + 1);
    Atomics.notify(this.control, ARRIVED);
  }

  /** Ends the loop of the helper threads. */
  dismiss(): void {
    Atomics.store(this.control, VERB, EXIT);
    Atomics.add(this.control, GENERATION, 1);
    Atomics.notify(this.control, GENERATION);
  }

  private waitForOthers(): void {
    const { control, threads } = this;
    const started = performance.now();
    for (let i = 0; i < SPINS && Atomics.load(control, ARRIVED) < threads - 1; i++);
    while (true) {
      const arrived = Atomics.load(control, ARRIVED);
      if (arrived >= threads - 1 || Atomics.load(control, POISON) > 0) break;
      if (performance.now() - started > PATIENCE_MS) this.poison(0, `no answer for ${PATIENCE_MS / 1000} s`);
      Atomics.wait(control, ARRIVED, arrived, 100);
    }
    this.waited += performance.now() - started;
  }

  private checkPoison(): void {
    const thread = Atomics.load(this.control, POISON);
    if (thread === 0) return;
    // a copy: TextDecoder refuses shared memory
    const bytes = this.failure.slice(0, this.failure.indexOf(0));
    throw new TaurecError('engine-thread', { thread: thread - 1, reason: new TextDecoder().decode(bytes) });
  }
}

function waitForChange(control: Int32Array, word: number, seen: number): number {
  for (let i = 0; i < SPINS; i++) {
    const value = Atomics.load(control, word);
    if (value !== seen) return value;
  }
  while (true) {
    Atomics.wait(control, word, seen);
    const value = Atomics.load(control, word);
    if (value !== seen) return value;
  }
}
