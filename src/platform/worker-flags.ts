/** Node's flags for a worker thread: those of this process, without `--input-type` (node --input-type=module -e …), which a thread running a file rejects. */
export function workerFlags(): string[] {
  return process.execArgv.filter((flag, at, all) => !/^--input-type/.test(flag) && all[at - 1] !== '--input-type');
}
