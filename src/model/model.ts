import { type Csr, csrHas, csrRow } from '../array/csr.ts';
import { firstNotFinite } from '../array/finite.ts';
import { type AnyMatrix, widened } from '../array/half-matrix.ts';
import type { Matrix } from '../array/matrix.ts';
import { sharedInt32 } from '../array/shared.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Titles } from '../catalogue/titles.ts';
import { type ColdItems, coldItemsProblem } from '../cold/cold-items.ts';
import type { IdMap } from '../data/id-map.ts';
import { TaurecError } from '../errors.ts';
import { type Neighbors, neighborsProblem } from '../neighbors/neighbors.ts';
import type { ModelFacts } from './model-facts.ts';
import type { ModelTrainingState } from './training-state.ts';

/** A trained model: embeddings, ids and seen items. It holds everything that recommending needs; the training data are not read again. U users, I items, d dimensions. */
export interface Model<C extends ModelFacts = ModelFacts, M extends AnyMatrix = Matrix> {
  readonly config: C;
  /** [U, d] final user embeddings, not normalised. */
  readonly users: M;
  /** [I, d] final item embeddings, not normalised. */
  readonly items: M;
  /** [I] added to an item's score for every user when items are ranked; absent: 0. */
  readonly itemBias?: Float32Array;
  /** [I] the part of `itemBias` that attributes tell of the popularity of items that only the catalogue has, where these have rows; not saved. */
  readonly predictedPrior?: Float32Array;
  /** The neighbour term, added to the scores when items are ranked; absent: none. */
  readonly neighbors?: Neighbors;
  /** Ids of the users; the index of an id is its row in `users`. */
  readonly userIds: IdMap;
  /** Ids of the items; the index of an id is its row in `items`. */
  readonly itemIds: IdMap;
  /** [U × I] the items each user has seen: training and validation items. */
  readonly seen: Csr;
  /** [U × I] the part of `seen` that was held out for validation and not trained on; absent: nothing was held out. */
  readonly validation?: Csr;
  /** [I] how many users have an item in `seen`. */
  readonly popularity: Int32Array;
  /** Titles of the items, by index; absent: no item has one. */
  readonly titles?: Titles;
  /** Attributes of the items; absent: the model has no catalogue. */
  readonly catalogue?: Catalogue;
  /** What the attributes tell about the embeddings: it places items that the model does not know (`withColdItems`). Absent: nothing. */
  readonly cold?: ColdItems;
  /** The state that training continues from; `openModel` reads it only on request. */
  readonly trainingState?: ModelTrainingState;
}

/** A model whose embeddings may be stored in 16 bits, as it is served. */
export type ServedModel<C extends ModelFacts = ModelFacts> = Model<C, AnyMatrix>;

/** A model with its embeddings as 32-bit floats: of 16-bit floats a widened copy. */
export function widenedModel<C extends ModelFacts>(model: ServedModel<C>): Model<C> {
  return { ...model, users: widened(model.users), items: widened(model.items) };
}

/**
 * Makes a model from its parts: counts the popularity of the items and checks that the parts fit together.
 * @throws TaurecError `bad-model` when they do not
 */
export function createModel(parts: Omit<Model, 'popularity'>): Model {
  const popularity = sharedInt32(parts.items.rows);
  for (const item of parts.seen.indices) popularity[item]!++;
  const model = { ...parts, popularity };
  const problem = modelProblem(model);
  if (problem) throw new TaurecError('bad-model', { path: 'model', problem: problem.text });
  return model;
}

/** [U × I] the pairs the model was trained on: the seen items without those held out for validation. */
export function trainedItems(model: Pick<Model, 'seen' | 'validation'>): Csr {
  const { seen, validation } = model;
  if (!validation) return seen;
  const offsets = sharedInt32(seen.rows + 1);
  // As long as `seen` at most; the unused end is cut off below.
  const indices = sharedInt32(seen.indices.length);
  let end = 0;
  for (let r = 0; r < seen.rows; r++) {
    for (const item of csrRow(seen, r)) if (!csrHas(validation, r, item)) indices[end++] = item;
    offsets[r + 1] = end;
  }
  return { rows: seen.rows, columns: seen.columns, offsets, indices: indices.subarray(0, end) };
}

/**
 * The first part of a model that does not fit the others, with the reason; undefined when all fit. The index range check makes one pass over every index,
 * so that later loops can use indices from a file without bounds checks.
 * @param knownFinite the embeddings are known to be finite, and are not looked through again
 */
export function modelProblem(
  model: ServedModel,
  knownFinite = false,
): { readonly part: 'embeddings' | 'ids' | 'seen' | 'neighbors' | 'catalogue'; readonly text: string } | undefined {
  const { users, items, itemBias, neighbors, userIds, itemIds, seen, validation, popularity, titles } = model;
  const wrong = (part: 'embeddings' | 'ids' | 'seen', what: string, got: number, expected: number) =>
    got === expected ? undefined : { part, text: `${what}: ${got}, expected ${expected}` };
  const sizes =
    wrong('embeddings', 'columns of the user embeddings', users.columns, items.columns) ??
    wrong('embeddings', 'number of item biases', itemBias?.length ?? items.rows, items.rows) ??
    wrong('ids', 'number of user ids', userIds.size, users.rows) ??
    wrong('ids', 'number of item ids', itemIds.size, items.rows) ??
    wrong('ids', 'number of titles', titles ? titles.offsets.length - 1 : items.rows, items.rows) ??
    wrong('seen', 'number of popularity counts', popularity.length, items.rows);
  if (sizes) return sizes;
  if (!knownFinite) {
    const text = notFiniteElement('users', widened(users)) ?? notFiniteElement('items', widened(items));
    if (text) return { part: 'embeddings', text };
  }
  // One NaN or infinite bias would break the order of every list.
  const notFinite = itemBias?.findIndex((bias) => !Number.isFinite(bias)) ?? -1;
  if (notFinite >= 0)
    return { part: 'embeddings', text: `bias of item ${notFinite}: ${itemBias![notFinite]}, expected a finite number` };
  if (neighbors) {
    const { votes } = neighbors;
    const text =
      (votes.rows === items.rows && votes.columns === items.rows && votes.values?.length === votes.indices.length
        ? undefined
        : `${votes.rows} × ${votes.columns} with ${votes.values?.length} values of ${votes.indices.length}, expected ${items.rows} × ${items.rows}`) ??
      offsetsProblem(votes.offsets, votes.indices.length) ??
      ascendingProblem(votes) ??
      neighborsProblem(neighbors);
    if (text) return { part: 'neighbors', text };
  }
  for (const [name, ids] of Object.entries({ users: userIds, items: itemIds, titles })) {
    if (!ids) continue;
    const text =
      offsetsProblem(ids.offsets, ids.bytes.length) ?? ('order' in ids ? rangeProblem(ids.order, ids.size) : undefined);
    if (text) return { part: 'ids', text: `${name}: ${text}` };
  }
  for (const [name, part] of Object.entries({ seen, validation })) {
    if (!part) continue;
    const text =
      (part.rows === users.rows && part.columns === items.rows
        ? undefined
        : `${part.rows} × ${part.columns}, expected ${users.rows} × ${items.rows}`) ??
      offsetsProblem(part.offsets, part.indices.length) ??
      rangeProblem(part.indices, items.rows);
    if (text) return { part: 'seen', text: `${name} items: ${text}` };
  }
  const text =
    (model.catalogue && catalogueProblem(model.catalogue, items.rows)) ??
    (model.cold && coldItemsProblem(model.cold, items.columns, itemBias !== undefined));
  return text === undefined ? undefined : { part: 'catalogue', text };
}

/** What is wrong with a catalogue: its sizes, and indices out of range. */
function catalogueProblem(
  { items, others, rows, attributes, titles }: Catalogue,
  expected: number,
): string | undefined {
  if (items !== expected) return `items of the catalogue: ${items}, expected ${expected}`;
  if (titles && titles.offsets.length !== rows + 1) return `titles: ${titles.offsets.length - 1}, expected ${rows}`;
  const idsProblem = (ids: IdMap) => offsetsProblem(ids.offsets, ids.bytes.length) ?? rangeProblem(ids.order, ids.size);
  const text = idsProblem(others) ?? (titles && offsetsProblem(titles.offsets, titles.bytes.length));
  if (text) return text;
  for (const [name, column] of attributes) {
    const length = column.type === 'list' ? column.offsets.length - 1 : column.values.length;
    const problem =
      (length === rows ? undefined : `${length} rows, expected ${rows}`) ??
      ('terms' in column ? idsProblem(column.terms) : undefined) ??
      (column.type === 'list' ? offsetsProblem(column.offsets, column.values.length) : undefined) ??
      (column.type === 'list' ? rangeProblem(column.values, column.terms.size) : undefined) ??
      (column.type === 'text' ? rangeProblem(column.values, column.terms.size, -1) : undefined);
    if (problem) return `attribute ${JSON.stringify(name)}: ${problem}`;
  }
  return undefined;
}

/** The first element of a table that is NaN or infinite, with its place; undefined if all are finite. */
function notFiniteElement(name: string, { rows, columns, stride, data }: Matrix): string | undefined {
  // Without padding the rows are contiguous: one pass.
  const [count, length] = stride === columns ? [1, rows * columns] : [rows, columns];
  for (let r = 0; r < count; r++) {
    const at = firstNotFinite(data, r * stride, r * stride + length);
    if (at >= 0)
      return `${name}, row ${Math.floor(at / stride)}, column ${at % stride}: ${data[at]}, expected a finite number`;
  }
  return undefined;
}

/** Offsets must start at 0, never decrease and end at `end`, the length of the array they divide. */
function offsetsProblem(offsets: Int32Array | Uint32Array, end: number): string | undefined {
  if (offsets[0] !== 0 || offsets.at(-1) !== end)
    return `offsets run from ${offsets[0]} to ${offsets.at(-1)}, expected 0 to ${end}`;
  for (let i = 1; i < offsets.length; i++) {
    if (offsets[i]! < offsets[i - 1]!) return `offset ${i} is ${offsets[i]}, less than the one before it`;
  }
  return undefined;
}

/** The indices of every row must ascend, in [0, columns). */
function ascendingProblem({ rows, columns, offsets, indices }: Csr): string | undefined {
  for (let r = 0; r < rows; r++) {
    let last = -1;
    for (let e = offsets[r]!; e < offsets[r + 1]!; e++) {
      const index = indices[e]!;
      if (index <= last || index >= columns)
        return `entry ${e} is ${index}, expected a number from ${last + 1} to ${columns - 1}`;
      last = index;
    }
  }
  return undefined;
}

/** Every index must be in [least, size). */
function rangeProblem(indices: Int32Array | Uint32Array, size: number, least = 0): string | undefined {
  // One pass without branches: a number that is out of range sets the sign of one of the two differences. Sizes are below 2³¹.
  const words = new Int32Array(indices.buffer, indices.byteOffset, indices.length);
  let signs = 0;
  for (let e = 0; e < words.length; e++) signs |= (words[e]! - least) | (size - 1 - words[e]!);
  if (signs >= 0) return undefined;
  for (let e = 0; e < indices.length; e++) {
    if (indices[e]! < least || indices[e]! >= size)
      return `entry ${e} is ${indices[e]}, expected a number below ${size}`;
  }
  return undefined;
}
