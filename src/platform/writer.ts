import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process that wrote a file: its id, and what tells it from later processes with the same id. */
export interface Writer {
  readonly pid: number;
  /** Digests (6 hexadecimal digits) of the machine, of its boot and of the process namespace (a container has its own). Absent in names that earlier versions wrote. */
  readonly host?: string;
  readonly boot?: string;
  readonly space?: string;
  /** Start of the process in clock ticks since the boot; '0' where the system does not tell. */
  readonly start?: string;
}

/** `lives` and `gone` are certain; `elsewhere`: the process belongs to another machine or container and cannot be checked. */
export type WriterState = 'lives' | 'gone' | 'elsewhere';

/** This process as a writer. */
export function ownWriter(): Required<Writer> {
  own ??= {
    pid: process.pid,
    host: digest(`${hostname()} ${readText('/etc/machine-id')}`),
    boot: digest(readText('/proc/sys/kernel/random/boot_id')),
    space: digest(processNamespace()),
    start: startOf(process.pid) ?? '0',
  };
  return own;
}
let own: Required<Writer> | undefined;

/** Whether a writer still runs. A process with the same id that started at another time is not the writer. */
export function writerState({ pid, host, boot, space, start = '0' }: Writer): WriterState {
  if (host !== undefined) {
    const here = ownWriter();
    if (host !== here.host) return 'elsewhere';
    if (boot !== here.boot) return 'gone';
    // The ids of another container mean other processes.
    if (space !== here.space) return 'elsewhere';
  }
  if (!isRunning(pid)) return 'gone';
  const now = startOf(pid);
  return start === '0' || now === undefined || now === start ? 'lives' : 'gone';
}

/** True if a process of this machine has this id. Signal 0 sends nothing; EPERM means that the process belongs to another user. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Start time of a process in clock ticks since the boot (Linux: field 22 of /proc/PID/stat); undefined elsewhere, and for a process that has ended. */
function startOf(pid: number): string | undefined {
  const text = readText(`/proc/${pid}/stat`);
  // The name of the program, in parentheses, may contain blanks.
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function processNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 6);
