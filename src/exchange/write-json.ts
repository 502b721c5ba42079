import { type Csr, csrRow } from '../array/csr.ts';
import type { IdMap } from '../data/id-map.ts';
import { TaurecError } from '../errors.ts';
import { type Exported, eachRow, manifestOf } from './exported.ts';

/** Limit on the numbers of a JSON export, because other programs read such a file as a whole: some 60 MB of text. */
export const MOST_JSON_NUMBERS = 5_000_000;

/**
 * The pieces of one JSON document: the fields of the manifest, then `users` (id, embedding and, if asked for, seen, with a neighbour term also liked) and `items` (id, embedding and, if present, bias,
 * title and neighbours with their weights). Throws `cannot-export` for a model with more than `MOST_JSON_NUMBERS` numbers.
 */
export function* jsonPieces(exported: Exported): Generator<string> {
  const { model, scored, neighbors, liked, seen, step } = exported;
  const numbers =
    scored.users.rows * scored.users.columns +
    scored.items.rows * scored.items.columns +
    (seen ? model.seen.indices.length : 0) +
    (liked?.indices.length ?? 0) +
    (neighbors?.indices.length ?? 0);
  if (numbers > MOST_JSON_NUMBERS) {
    throw new TaurecError('cannot-export', {
      format: 'json',
      problem: `the file would hold ${numbers} numbers, expected ${MOST_JSON_NUMBERS} at most`,
      remedy: 'Export to npy, safetensors or parquet.',
    });
  }
  // The lists replace the manifest's counts of the same names. slice removes the closing "\n}", so that the lists can follow.
  const { users: _users, items: _items, ...manifest } = manifestOf(exported);
  yield `${JSON.stringify(manifest, null, 1).slice(0, -2)},\n "users": [`;
  // One object per line, so that tools for text can read the file.
  let divider = '\n  ';
  for (const [u, vector] of eachRow(scored.users)) {
    const list = (name: string, pairs: Csr | undefined) =>
      pairs ? `, "${name}": ${JSON.stringify(Array.from(csrRow(pairs, u), (i) => model.itemIds.idOf(i)))}` : '';
    const ids = list('seen', seen ? model.seen : undefined) + list('liked', liked);
    yield `${divider}{"id": ${JSON.stringify(model.userIds.idOf(u))}, "embedding": ${vectorText(vector)}${ids}}`;
    divider = ',\n  ';
    step();
  }
  yield '\n ],\n "items": [';
  divider = '\n  ';
  for (const [i, vector] of eachRow(scored.items)) {
    const title = model.titles?.at(i);
    const bias = scored.itemBias && `, "bias": ${floatText(scored.itemBias[i]!)}`;
    const named = title === undefined ? '' : `, "title": ${JSON.stringify(title)}`;
    const near = neighbors ? `, "neighbors": ${neighborsText(neighbors, i, model.itemIds)}` : '';
    yield `${divider}{"id": ${JSON.stringify(model.itemIds.idOf(i))}, "embedding": ${vectorText(vector)}${bias ?? ''}${named}${near}}`;
    divider = ',\n  ';
    step();
  }
  yield '\n ]\n}\n';
}

/** Row i of S as an object of weights by the neighbour's id. */
function neighborsText(neighbors: Csr, i: number, ids: IdMap): string {
  const entries = Array.from(
    csrRow(neighbors, i),
    (j, at) => `${JSON.stringify(ids.idOf(j))}: ${floatText(neighbors.values![neighbors.offsets[i]! + at]!)}`,
  );
  return `{${entries.join(', ')}}`;
}

/** A 32-bit float as text with at most nine significant digits, which restore every 32-bit float exactly; −0 keeps its sign. */
export function floatText(x: number): string {
  return Object.is(x, -0) ? '-0' : String(Number(x.toPrecision(9)));
}

/** A vector in the notation that JSON and pgvector share: [0.1,-2]. */
export function vectorText(row: Float32Array): string {
  let text = '[';
  for (let c = 0; c < row.length; c++) text += c === 0 ? floatText(row[c]!) : `,${floatText(row[c]!)}`;
  return `${text}]`;
}
