/** The result of a generator that yields between steps of its work, without a pause between them. */
export function finished<T>(steps: Generator<void, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Milliseconds of work between two pauses. */
const TURN = 100;

/** As `finished`; after each tenth of a second of work the event loop runs: timers, signals, requests. */
export async function finishedInTurns<T>(steps: Generator<void, T>): Promise<T> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve));
    for (const end = performance.now() + TURN; performance.now() < end; ) {
      const { done, value } = steps.next();
      if (done) return value;
    }
  }
}
