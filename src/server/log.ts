import pino, { type Logger } from 'pino';

/** Levels of the log, most detailed first; `silent` writes nothing. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Maximum number of log bytes buffered for a slow reader. Further lines are dropped, so a full pipe neither blocks the server nor fills its memory. */
const WAITING_BYTES = 8 * 1024 * 1024;

/** A log of JSON lines. `flush` writes the buffered lines before the process ends. */
export interface ServerLog {
  readonly log: Logger;
  flush(): void;
}

/** Opens the log. Lines go to `write` if given, otherwise to standard error. */
export function openLog(level: LogLevel, write?: (line: string) => void): ServerLog {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (write) return { log: pino(options, { write }), flush: () => {} };
  let failing = false;
  const open = () => {
    const opened = pino.destination({ dest: 2, sync: false, maxLength: WAITING_BYTES });
    opened.on('write', () => {
      failing = false;
    });
    // For example on a full disk. These lines are lost, and requests continue; a new destination receives the next lines.
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
      // While writes fail, a flush would retry forever.
      if (failing) return destination.destroy();
      try {
        destination.flushSync();
      } catch {
        // Standard error is closed.
      }
    },
  };
}
