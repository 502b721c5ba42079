import { TaurecError } from '../../errors.ts';

// Words of the control region that the crew uses; words from 8 on hold the arguments of verbs (memory.ts).
/** Grows by 1 with each verb: helper threads wait for it to change. */
const GENERATION = 0;
/** Number of the running verb, or EXIT. */
const VERB = 1;
/** Helper threads that have finished the running verb. */
const ARRIVED = 2;
/** 0: no thread has failed; t + 1: thread t has, and its message is in the failure region; −1: a thread is writing its message. */
const POISON = 3;
/** The next task of the running verb. */
const TASK = 4;

/** Loads of a shared word before a thread sleeps: about 50 µs, longer than the pauses inside a step. */
const SPINS = 20_000;
/** Milliseconds after which a thread that has not finished its verb counts as dead. A verb takes milliseconds. */
const PATIENCE_MS = 120_000;

/** The verb that ends the helper threads. */
const EXIT = -1;

/**
 * The threads of an engine and their synchronisation. The coordinator, thread 0, starts a verb. All threads, the coordinator included, take tasks from one counter until none
 * is left. Then the coordinator waits for the others: it spins briefly, then sleeps; on the main thread of a web page, which may not sleep, it spins. A thread that fails poisons the crew, and the coordinator throws its error.
 */
export class Crew {
  private readonly control: Int32Array;
  private readonly failure: Uint8Array;
  private readonly threads: number;
  /** Whether the coordinator may sleep. */
  private readonly sleeps: boolean;
  /** Milliseconds the coordinator has waited for the others. */
  waited = 0;
  /** True while the coordinator runs a verb. */
  private running = false;

  constructor(control: Int32Array, failure: Uint8Array, threads: number) {
    this.control = control;
    this.failure = failure;
    this.threads = threads;
    this.sleeps = threads > 1 && maySleep(control);
  }

  /**
   * Coordinator: runs a verb on all threads, or with `alone` only on its own thread. It calls `meanwhile` before it joins the others in the verb.
   * @throws TaurecError `engine-thread` if a thread failed, or if `meanwhile` runs a verb
   */
  run(verb: number, work: (verb: number) => void, alone = false, meanwhile?: () => void): void {
    const { control } = this;
    const threads = alone ? 1 : this.threads;
    this.checkPoison();
    if (this.running)
      throw new TaurecError('engine-thread', { thread: 0, reason: 'the engine is called while it works' });
    this.running = true;
    // the order matters: counter and verb must be in place before the generation changes
    Atomics.store(control, TASK, 0);
    if (threads > 1) {
      Atomics.store(control, ARRIVED, 0);
      Atomics.store(control, VERB, verb);
      Atomics.add(control, GENERATION, 1);
      Atomics.notify(control, GENERATION);
    }
    try {
      meanwhile?.();
      work(verb);
    } finally {
      if (threads > 1) this.waitForOthers();
      this.running = false;
    }
    this.checkPoison();
  }

  /** Any thread: takes the next task of the running verb, counted from 0. The caller stops when the number exceeds its tasks. */
  nextTask(): number {
    return Atomics.add(this.control, TASK, 1);
  }

  /** Helper thread: works on verbs until the crew is dismissed. */
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
      // the last of threads − 1 helpers wakes the coordinator
      if (Atomics.add(control, ARRIVED, 1) === this.threads - 2) Atomics.notify(control, ARRIVED);
    }
  }

  /** Any thread: marks the crew as broken with a message; the coordinator throws at its next check. The first failure counts, later ones are ignored. */
  poison(thread: number, message: string): void {
    if (Atomics.compareExchange(this.control, POISON, 0, -1) !== 0) return;
    const bytes = new TextEncoder().encode(message).subarray(0, this.failure.length - 1);
    this.failure.fill(0);
    this.failure.set(bytes);
    Atomics.store(this.control, POISON, thread + 1);
    Atomics.notify(this.control, ARRIVED);
  }

  /** Coordinator: ends the loop of the helper threads. */
  dismiss(): void {
    Atomics.store(this.control, VERB, EXIT);
    Atomics.add(this.control, GENERATION, 1);
    Atomics.notify(this.control, GENERATION);
  }

  /** Waits until all helpers have arrived or one has failed; wakes every 100 ms to look for a failure. */
  private waitForOthers(): void {
    const { control, threads } = this;
    const started = performance.now();
    for (let i = 0; i < SPINS && Atomics.load(control, ARRIVED) < threads - 1; i++);
    while (true) {
      const arrived = Atomics.load(control, ARRIVED);
      if (arrived >= threads - 1 || Atomics.load(control, POISON) > 0) break;
      if (performance.now() - started > PATIENCE_MS) this.poison(0, `no answer for ${PATIENCE_MS / 1000} s`);
      if (this.sleeps) Atomics.wait(control, ARRIVED, arrived, 100);
    }
    this.waited += performance.now() - started;
  }

  private checkPoison(): void {
    const thread = Atomics.load(this.control, POISON);
    if (thread === 0) return;
    // a copy, because TextDecoder refuses shared memory
    const bytes = this.failure.slice(0, this.failure.indexOf(0));
    throw new TaurecError('engine-thread', { thread: thread - 1, reason: new TextDecoder().decode(bytes) });
  }
}

/** Whether this thread may sleep: a wait for a word that already differs returns at once, and throws where waiting is forbidden. */
function maySleep(control: Int32Array): boolean {
  try {
    Atomics.wait(control, TASK, -1, 0);
    return true;
  } catch {
    return false;
  }
}

/** Waits until a word differs from `seen` and returns it: spins, then sleeps. */
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
