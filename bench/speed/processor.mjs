import { readFileSync } from 'node:fs';

/**
 * Processor seconds that a process has used: other work on the machine affects them less than wall-clock time. Fields 14 and 15 of /proc/PID/stat, in ticks of 1/100 s.
 * @param {number} pid
 */
export function processorSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
