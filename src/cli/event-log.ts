import { closeSync, openSync, writeSync } from 'node:fs';
import type { TrainEvent } from '../training/events.ts';

/** The stream of events as JSON lines in a file, each with the time (ISO 8601) at which it came. A resumed run goes on in the same file. */
export class EventLog {
  readonly #file: number;

  constructor(path: string, append: boolean) {
    this.#file = openSync(path, append ? 'a' : 'w');
  }

  write(event: TrainEvent): void {
    writeSync(this.#file, `${JSON.stringify({ time: new Date().toISOString(), ...event })}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
}
