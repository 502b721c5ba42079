import { TaurecError } from '../../errors.ts';
import type { Session, SessionEvent } from '../session.ts';
import { startAgain } from '../wire.ts';

/** Milliseconds between comments that keep an idle stream open. */
const BEAT_MS = 15_000;
/** Bytes that may wait for a client that does not read: beyond, its stream ends, and the client asks again for what it lacks. */
const MOST_WAITING = 16 * 2 ** 20;

/** The streams of events of a server. */
export class EventStreams {
  readonly #session: Session;
  readonly #ends = new Set<() => void>();
  /** Number of the last event. */
  #last = 0;
  readonly #leave: () => void;
  #closed = false;

  constructor(session: Session) {
    this.#session = session;
    this.#leave = session.watch(({ number }) => {
      this.#last = Math.max(this.#last, number);
    }, 0);
  }

  /**
   * Server-sent events: those after number `after`, or from now on. The first lines tell where the stream begins.
   * @throws TaurecError `session-lost` once the streams were closed
   */
  open(after: number | undefined): ReadableStream<Uint8Array> {
    if (this.#closed) throw new TaurecError('session-lost', { reason: 'its events have ended', remedy: startAgain });
    const encoder = new TextEncoder();
    let end = () => {};
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          let open = true;
          let leave = () => {};
          const beat = setInterval(() => send(':\n\n'), BEAT_MS);
          beat.unref();
          const send = (text: string) => {
            if (!open) return;
            controller.enqueue(encoder.encode(text));
            if (controller.desiredSize! < -MOST_WAITING) end();
          };
          end = () => {
            if (!open) return;
            open = false;
            clearInterval(beat);
            leave();
            this.#ends.delete(end);
            // A stream that its reader left is closed already.
            try {
              controller.close();
            } catch {}
          };
          this.#ends.add(end);
          send(`id: ${after ?? this.#last}\n\n`);
          const left = this.#session.watch((event) => send(messageOf(event)), after);
          leave = left;
          if (!open) left();
        },
        cancel: () => end(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: 2 ** 16 }),
    );
  }

  /** Ends all streams. */
  close(): void {
    this.#closed = true;
    this.#leave();
    for (const end of this.#ends) end();
  }
}

/** The number comes last: a client that lost the connection in between asks for the event again. */
function messageOf(event: SessionEvent): string {
  return `data: ${JSON.stringify(event)}\nid: ${event.number}\n\n`;
}

/** The number in `Last-Event-ID` or in the query; undefined for none, and for what is no number. */
export function eventNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
