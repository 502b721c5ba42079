import { readFileSync } from 'node:fs';

/** Peak resident memory of this process in bytes. On Linux it is read from /proc, because the peak of `resourceUsage` starts at the size of the parent process. */
export function peakBytes(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  // VmHWM is the "high water mark" of resident memory.
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(kilobytes?.[1]) * 1024;
}
