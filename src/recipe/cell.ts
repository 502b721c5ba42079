import type { BackboneSource } from '../backbone/backbone.ts';
import type { TrainConfigInput } from '../training/config.ts';
import { bestPublished, type PublishedResult, publishedColumn } from './published.ts';
import type { PublishedValue, Recipe } from './recipe.ts';

/** A backbone or a loss with its options. */
type Named = { readonly name: string; readonly [option: string]: unknown };

/** What a cell of the published tables is made of; everything of a recipe may be said over it. */
export interface Cell extends Omit<Partial<Recipe>, 'config'> {
  readonly data: string;
  readonly loss: Named;
  /** Default: matrix factorisation. */
  readonly backbone?: Named;
  /** Training options besides. */
  readonly config?: Omit<TrainConfigInput, 'loss' | 'backbone'>;
}

/**
 * A recipe for a cell of the published tables: named DATA-BACKBONE-LOSS, three seeds, a tenth of train held out (debiased under popularity shift) to choose the epoch by. Beside it stand the
 * published values of the same loss and the best of the column.
 */
export function cell({ data, loss, backbone = { name: 'mf' }, config, ...rest }: Cell): Recipe {
  return {
    name: [data, backbone.name, loss.name].join('-'),
    data,
    choice: data.endsWith('-popularity') ? 'debiased' : 'validation',
    chosen: 'validated',
    config: { ...config, loss, backbone: backbone as BackboneSource },
    seeds: [1, 2, 3],
    published: publishedBeside(data, backbone.name, loss.name),
    ...rest,
  };
}

/** The published values of a loss, and of the best loss where that is another. */
function publishedBeside(data: string, backbone: string, loss: string): PublishedValue[] {
  const column = publishedColumn(data, backbone);
  const best = bestPublished(column);
  return column.filter((result) => result.loss === loss || result === best).flatMap(valuesOf);
}

const backboneLabels: Record<string, string> = { mf: 'MF', lightgcn: 'LightGCN' };

function valuesOf({ label, backbone, protocol, metrics, testSelected, source }: PublishedResult): PublishedValue[] {
  const what = `${label}, ${backboneLabels[backbone] ?? backbone}${testSelected ? ', test-selected' : ''}`;
  return Object.entries(metrics).map(([metric, value]) => ({ metric, value, protocol, what, source }));
}
