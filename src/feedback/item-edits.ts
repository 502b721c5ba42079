// Edits of items (docs/catalogue.md): what an application changes while a server runs. The database keeps the state of each edited item, not the history.

/** A value of an attribute in an edit, as JSON. null: the item has none. */
export type EditValue = string | number | boolean | readonly string[] | null;

/** What edits may do with an item. */
export const editActions = ['put', 'patch', 'delete'] as const;

/** An edit: `put` replaces title and attributes of an item, `patch` changes those that are given, `delete` takes the item out of all lists until it is put or patched again. */
export interface ItemEdit {
  readonly item: string;
  readonly action: (typeof editActions)[number];
  /** Attributes by name; `title` is the title. */
  readonly values?: Readonly<Record<string, EditValue>>;
}

/** What the edits of an item add up to. `sequence` is the position of the last one in the database: it increases strictly. */
export interface ItemState {
  readonly item: string;
  readonly sequence: number;
  /** No list has the item. */
  readonly deleted: boolean;
  /** The values are all that the item has; otherwise they come before those of the catalogue. */
  readonly replaces: boolean;
  readonly values: Readonly<Record<string, EditValue>>;
}

/** The state after one more edit. */
export function stateAfter(before: ItemState | undefined, edit: ItemEdit, sequence: number): ItemState {
  const { item, action, values = {} } = edit;
  if (action === 'delete') return { item, sequence, deleted: true, replaces: true, values: {} };
  const replaces = action === 'put' || (before?.replaces ?? false);
  const merged = action === 'put' ? values : { ...before?.values, ...values };
  return { item, sequence, deleted: false, replaces, values: merged };
}

/** The states after edits, in order; of an item that is edited twice only the last. `before` holds the earlier states by item. */
export function statesAfter(
  before: ReadonlyMap<string, ItemState>,
  edits: readonly ItemEdit[],
  last: number,
): ItemState[] {
  const states = new Map<string, ItemState>();
  for (const [at, edit] of edits.entries()) {
    const state = stateAfter(states.get(edit.item) ?? before.get(edit.item), edit, last + at + 1);
    states.delete(edit.item);
    states.set(edit.item, state);
  }
  return [...states.values()];
}

/** The columns of the table of edited items. */
export const itemColumns = ['item_id', 'sequence', 'state'] as const;

/** A state as the text that its row holds. */
export const stateText = ({ deleted, replaces, values }: ItemState): string =>
  JSON.stringify({ deleted, replaces, values });

/** The state in a row. */
export const stateOf = (item: string, sequence: number, text: string): ItemState => ({
  item,
  sequence,
  ...(JSON.parse(text) as Pick<ItemState, 'deleted' | 'replaces' | 'values'>),
});
