/** The catalogue of a model as tensors, and back: `catalogue-<key>.safetensors`. */

import { Catalogue } from '../catalogue/catalogue.ts';
import { Titles } from '../catalogue/titles.ts';
import type { ColdItems } from '../cold/cold-items.ts';
import { FEATURES, INTERVALS } from '../cold/item-features.ts';
import type { AttributeColumn, AttributeType } from '../data/attribute-columns.ts';
import { IdMap } from '../data/id-map.ts';
import type { ModelConfig } from './model-facts.ts';
import { type Safetensors, type Tensor, tensorOf } from './safetensors-format.ts';

/** The name of a catalogue's file. `key`: the first 16 hexadecimal digits of its SHA-256, so that a new catalogue never overwrites the one that config.json names. */
export const catalogueName = (key: string): string => `catalogue-${key}.safetensors`;
/** True for the name of a catalogue's file. */
export const isCatalogueName = (name: string): boolean => /^catalogue-[0-9a-f]{16}\.safetensors$/.test(name);

type Facts = NonNullable<ModelConfig['catalogue']>;

/** What config.json says about a catalogue, and about what its attributes tell. */
export const catalogueFacts = (catalogue: Catalogue, file: string, cold?: ColdItems): Facts => ({
  file,
  source: catalogue.source,
  rows: catalogue.rows,
  attributes: catalogue.list,
  ...(cold && {
    cold: {
      features: FEATURES,
      lambda: cold.lambda,
      explained: cold.explained,
      level: cold.level,
      offset: cold.offset,
      quantiles: [...cold.quantiles.keys()],
    },
  }),
});

/** The tensors of a catalogue: `<n>.values` and others of attribute n in the order of config.json, `others.…`, `titles.…`; and `cold.…`. */
export function catalogueTensors({ attributes, others, titles }: Catalogue, cold?: ColdItems): Record<string, Tensor> {
  const tensors: Record<string, Tensor> = { ...idTensors('others', others) };
  [...attributes.values()].forEach((column, n) => {
    tensors[`${n}.values`] = list(column.values);
    if (column.type === 'list') tensors[`${n}.offsets`] = list(column.offsets);
    if ('terms' in column) Object.assign(tensors, idTensors(`${n}.terms`, column.terms));
  });
  if (titles) Object.assign(tensors, { 'titles.offsets': list(titles.offsets), 'titles.bytes': list(titles.bytes) });
  if (cold) {
    const { features, coefficients, means, quantiles } = cold;
    Object.assign(tensors, {
      'cold.features': list(features),
      'cold.coefficients': { shape: [features.length, means.length], data: coefficients },
      'cold.means': list(means),
      'cold.quantiles': list(Float64Array.from([...quantiles.values()].flatMap((values) => [...values]))),
    });
  }
  return tensors;
}

/** What the attributes of a catalogue tell, from its file; undefined without, and where another version hashed features in another way. Throws `bad-safetensors`. */
export function coldItemsOf(file: Safetensors, { cold }: Facts): ColdItems | undefined {
  if (cold?.features !== FEATURES) return undefined;
  const means = tensorOf(file, 'cold.means', 'F32', [-1]).data;
  const features = tensorOf(file, 'cold.features', 'I32', [-1]).data;
  const { data } = tensorOf(file, 'cold.quantiles', 'F64', [cold.quantiles.length * (INTERVALS + 1)]);
  const quantiles = cold.quantiles.map(
    (name, n) => [name, data.subarray(n * (INTERVALS + 1), (n + 1) * (INTERVALS + 1))] as const,
  );
  const { lambda, explained, level, offset } = cold;
  const coefficients = tensorOf(file, 'cold.coefficients', 'F32', [features.length, means.length]).data;
  return { quantiles: new Map(quantiles), features, coefficients, means, lambda, explained, level, offset };
}

/** The catalogue whose tensors a file holds; views of its memory. Throws `bad-safetensors`. */
export function catalogueOf(file: Safetensors, { source, rows, attributes }: Facts, items: number): Catalogue {
  const columnAt = (type: AttributeType, n: number): AttributeColumn => {
    const values = `${n}.values`;
    if (type === 'boolean') return { type, values: tensorOf(file, values, 'U8', [rows]).data };
    if (type === 'number' || type === 'time') return { type, values: tensorOf(file, values, 'F64', [rows]).data };
    const terms = idMapOf(file, `${n}.terms`);
    if (type === 'text') return { type, terms, values: tensorOf(file, values, 'I32', [rows]).data };
    const offsets = tensorOf(file, `${n}.offsets`, 'U32', [rows + 1]).data;
    return { type, terms, offsets, values: tensorOf(file, values, 'I32', [-1]).data };
  };
  const columns = attributes.map(({ name, type }, n): [string, AttributeColumn] => [name, columnAt(type, n)]);
  const titles = file.tensors.has('titles.offsets')
    ? new Titles(
        tensorOf(file, 'titles.bytes', 'U8', [-1]).data,
        tensorOf(file, 'titles.offsets', 'U32', [rows + 1]).data,
      )
    : undefined;
  const others = idMapOf(file, 'others');
  return new Catalogue({ source, items, others, attributes: new Map(columns), titles });
}

/** The three arrays of an `IdMap` as tensors, with `name` as their prefix. */
export const idTensors = (name: string, ids: IdMap): Record<string, Tensor> => ({
  [`${name}.offsets`]: list(ids.offsets),
  [`${name}.order`]: list(ids.order),
  [`${name}.bytes`]: list(ids.bytes),
});

/** The id map whose arrays were written with the prefix `name`. `size` −1: any. */
export function idMapOf(file: Safetensors, name: string, size = -1): IdMap {
  const order = tensorOf(file, `${name}.order`, 'U32', [size]).data;
  return new IdMap(
    tensorOf(file, `${name}.bytes`, 'U8', [-1]).data,
    tensorOf(file, `${name}.offsets`, 'U32', [order.length + 1]).data,
    order,
  );
}

/** A one-dimensional tensor over a typed array. */
export const list = <A extends Tensor['data']>(data: A): Tensor<A> => ({ shape: [data.length], data });
