#!/usr/bin/env node
// The executable: connects `run` to the streams and signals of the process.

import { getEventListeners } from 'node:events';
import { version } from '../platform/version.ts';

/** Milliseconds within which a second signal counts as the first: on Ctrl-C the terminal signals taurec directly, and npx then forwards the same signal. */
const ONE_SIGNAL_MS = 1000;

const controller = new AbortController();
/** Time of the first signal, in milliseconds of `performance.now()`. */
let asked: number | undefined;

/** The first signal aborts a command that can be interrupted. Any other signal exits with `code`; exit handlers then remove temporary files. */
function stop(code: number): void {
  const now = performance.now();
  if (asked !== undefined && now - asked < ONE_SIGNAL_MS) return;
  if (asked !== undefined || getEventListeners(controller.signal, 'abort').length === 0) {
    // A progress display may have hidden the cursor.
    if (process.stderr.isTTY) process.stderr.write('\x1b[?25h');
    process.exit(code);
  }
  asked = now;
  controller.abort();
}
process.on('SIGINT', () => stop(130));
process.on('SIGTERM', () => stop(143));

// A reader that has enough lines (`taurec recommend … | head`) closes the pipe. This is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

const argv = process.argv.slice(2);
if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
  // Scripts ask for the version often: it takes no more than Node itself.
  process.stdout.write(`${version}\n`);
} else {
  const { run } = await import('./run.ts');
  process.exitCode = await run(argv, {
    stdout: process.stdout,
    stderr: process.stderr,
    signal: controller.signal,
    onHangup: (listener) => void process.on('SIGHUP', listener),
    script: process.argv[1],
  });
}
// After a signal nothing may keep the process: a client of a queue that is away would reconnect for ever.
if (asked !== undefined) setTimeout(() => process.exit(), 1000).unref();
