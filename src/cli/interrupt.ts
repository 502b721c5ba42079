/** Milliseconds within which a signal counts with the one before: npx passes on what the terminal has sent to the program already. */
export const ONE_SIGNAL_MS = 1000;

/** Runs `work` with a signal that Ctrl-C (or SIGTERM) aborts; a second Ctrl-C ends the program at once. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let first = 0;
  const stop = () => {
    if (controller.signal.aborted) {
      if (performance.now() - first < ONE_SIGNAL_MS) return;
      // A progress bar hides the cursor and stops line wrap.
      if (process.stderr.isTTY) process.stderr.write('\x1b[?25h\x1b[?7h\n');
      process.exit(130);
    }
    first = performance.now();
    controller.abort();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    return await work(controller.signal);
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}
