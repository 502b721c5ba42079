import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { version } from '../../dist/platform/version.js';

/** The facts that figures must be read with: machine, runtime, version, and how busy the machine was. */
export function machine() {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    v8: process.versions.v8,
    platform: `${process.platform}-${process.arch}`,
    taurec: version,
    commit: commit(),
    load: loadavg()[0],
  };
}

function commit() {
  try {
    const options = { cwd: import.meta.dirname, encoding: /** @type {const} */ ('utf8') };
    return execFileSync('git', ['describe', '--always', '--dirty'], {
      ...options,
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown';
  }
}
