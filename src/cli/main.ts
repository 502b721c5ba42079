#!/usr/bin/env node
import { getEventListeners } from 'node:events';
import { run } from './run.ts';

/** Milliseconds within which a second signal counts as the first: npx passes on what the terminal has sent to the program already. */
const ONE_SIGNAL_MS = 1000;

const controller = new AbortController();
/** The time of the first signal. */
let asked: number | undefined;

/** The first signal stops a command that can be stopped. Any other ends the program as an exit, which removes temporary files. */
function stop(code: number): void {
  const now = performance.now();
  if (asked !== undefined && now - asked < ONE_SIGNAL_MS) return;
  if (asked !== undefined || getEventListeners(controller.signal, 'abort').length === 0) {
    // Progress hides the cursor.
    if (process.stderr.isTTY) process.stderr.write('\x1b[?25h');
    process.exit(code);
  }
  asked = now;
  controller.abort();
}
process.on('SIGINT', () => stop(130));
process.on('SIGTERM', () => stop(143));

// A reader that has enough (`taurec recommend … | head`) closes the pipe, which is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.exitCode = await run(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  signal: controller.signal,
  onHangup: (listener) => void process.on('SIGHUP', listener),
  script: process.argv[1],
});
