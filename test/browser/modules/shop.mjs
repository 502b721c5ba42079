/** Data of a small shop, from public names alone, so that Node and a browser make the same: titles, and a catalogue that has some of the items, and two more. */
import { IdMap, syntheticDataset } from 'taurec';

const brands = ['Ångström', 'two words', 'b'];

/** @param {Partial<import('taurec').SyntheticOptions>} [options] @returns {import('taurec').Dataset} */
export function shop(options) {
  const data = syntheticDataset({ users: 90, items: 60, interactions: 1400, titles: true, seed: 4, ...options });
  const ids = [...data.items].filter((_, i) => i % 7 !== 3).concat('new-1', 'new-2');
  const price = Float64Array.from(ids, (_, i) => (i % 11 === 0 ? Number.NaN : 5 + ((i * 37) % 90)));
  const brand = Int32Array.from(ids, (_, i) => (i % 13 === 0 ? -1 : i % brands.length));
  const stocked = Uint8Array.from(ids, (_, i) => (i % 5 === 0 ? 0 : 1));
  return {
    ...data,
    catalogue: {
      source: 'made up',
      ids: IdMap.fromIds(ids),
      titles: ids.map((id) => (id.startsWith('new') ? `Title of ${id}` : '')),
      attributes: new Map(
        /** @type {[string, import('taurec').AttributeColumn][]} */ ([
          ['price', { type: 'number', values: price }],
          ['brand', { type: 'text', terms: IdMap.fromIds(brands), values: brand }],
          ['stocked', { type: 'boolean', values: stocked }],
        ]),
      ),
      leftOut: [],
    },
  };
}
