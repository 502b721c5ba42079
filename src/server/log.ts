import pino, { type Logger } from 'pino';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Bytes of log that wait for a reader who does not keep up; beyond, lines are dropped, so that a full pipe never stops or fills the server. */
const WAITING_BYTES = 8 * 1024 * 1024;

/** A log of JSON lines, and what writes out its rest at the end. */
export interface ServerLog {
  readonly log: Logger;
  flush(): void;
}

/** Opens the log: lines go to `write` where it is given, to standard error otherwise. */
export function openLog(level: LogLevel, write?: (line: string) => void): ServerLog {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (write) return { log: pino(options, { write }), flush: () => {} };
  let failing = false;
  const open = () => {
    const opened = pino.destination({ dest: 2, sync: false, maxLength: WAITING_BYTES });
    opened.on('write', () => {
      failing = false;
    });
    // As on a full disk. What cannot be written is lost, and requests are served all the same: a new destination begins with what comes next.
    opened.on('error', () => {
      failing = true;
      opened.destroy();
      destination = open();
    });
    return opened;
  };
  let destination = open();
  return {
    log: pino(options, { write: (line: string) => void destination.write(line) }),
    flush: () => {
      // Would try for ever.
      if (failing) return destination.destroy();
      try {
        destination.flushSync();
      } catch {
        // Nobody reads standard error any more.
      }
    },
  };
}
