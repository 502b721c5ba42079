/** Node's flags for a worker thread: the flags of this process without `--input-type` and its value. A thread that runs a file rejects `--input-type`, which belongs to `node -e`. */
export function workerFlags(): string[] {
  return process.execArgv.filter((flag, at, all) => !/^--input-type/.test(flag) && all[at - 1] !== '--input-type');
}
