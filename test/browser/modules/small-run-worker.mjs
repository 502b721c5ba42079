import { smallRun } from './small-run.mjs';

/** `smallRun` in a Web Worker: takes its arguments as a message, and answers with what it returns, or with code and message of its error. */
export function runOnMessage() {
  globalThis.addEventListener('message', async ({ data: [options, config] }) => {
    const answer = await smallRun(options, config).catch(({ code, message }) => ({ code, message }));
    globalThis.postMessage({ isolated: globalThis.crossOriginIsolated, ...answer });
  });
}
