import { TaurecError } from '../errors.ts';
import type { FeedbackLog } from '../feedback/feedback-log.ts';
import type { ItemEdit, ItemState } from '../feedback/item-edits.ts';
import { failed } from './feedback-fault.ts';
import { Looks } from './looks.ts';

/** A receiver of edits: a scoring thread, which ignores states that are older than those it has. */
export interface EditReceiver {
  editItems(states: readonly ItemState[]): Promise<void>;
}

/** Passes edits of items on: from requests to the feedback database, and from there, whoever wrote them, to the scoring threads. */
export class EditedItems {
  readonly #log: FeedbackLog;
  readonly #receivers = new Set<EditReceiver>();
  /** The last state that was read from the database. */
  #last = 0;
  readonly #looks = new Looks(() => this.#read(this.#last, (states) => this.#publish(states)));

  constructor(log: FeedbackLog) {
    this.#log = log;
  }

  /** Brings a receiver to the state of the database, then passes later edits on to it. @throws TaurecError `feedback-failed` */
  async load(receiver: EditReceiver): Promise<void> {
    // Subscribed first: what is edited while the database is read comes twice, never not at all.
    this.#receivers.add(receiver);
    try {
      await this.#read(0, (states) => receiver.editItems(states));
    } catch (cause) {
      this.leave(receiver);
      throw failed(cause);
    }
    this.#looks.begin();
  }

  /** The edits of items that were not removed, as they are in the database. @throws TaurecError `feedback-failed` */
  async present(): Promise<ItemState[]> {
    const present: ItemState[] = [];
    try {
      for await (const states of this.#log.itemStates?.(0) ?? [])
        present.push(...states.filter(({ deleted }) => !deleted));
    } catch (cause) {
      throw failed(cause);
    }
    return present;
  }

  /** Stops passing edits on to a receiver. */
  leave(receiver: EditReceiver): void {
    this.#receivers.delete(receiver);
  }

  /** Stores edits, and resolves once the scoring threads have them. @throws TaurecError `edit-impossible`, `feedback-failed` */
  async apply(edits: readonly ItemEdit[]): Promise<void> {
    if (!this.#log.editItems) throw new TaurecError('edit-impossible', { place: this.#log.place });
    const states = await this.#log.editItems(edits).catch((cause: unknown) => {
      throw failed(cause);
    });
    await this.#publish(states);
  }

  /** Stops looking for edits of other servers. */
  stop(): void {
    this.#looks.stop();
  }

  async #read(after: number, use: (states: readonly ItemState[]) => Promise<void>): Promise<void> {
    for await (const states of this.#log.itemStates?.(after) ?? []) {
      await use(states);
      this.#last = Math.max(this.#last, states.at(-1)!.sequence);
    }
  }

  async #publish(states: readonly ItemState[]): Promise<void> {
    await Promise.all([...this.#receivers].map((receiver) => receiver.editItems(states)));
  }
}
