import type { BackboneOptions } from './backbone-options.ts';

/** Options that the contrastive backbones share. */
export interface ContrastParameters {
  readonly layers: number;
  readonly noise: number;
  readonly contrastWeight: number;
  readonly contrastTau: number;
  readonly contrastNodes: number;
}

/** The names of these options. */
export const contrastOptionNames = ['layers', 'noise', 'contrastWeight', 'contrastTau', 'contrastNodes'] as const;

type Defaults = Pick<ContrastParameters, 'noise' | 'contrastWeight' | 'contrastTau'>;

/** @throws TaurecError `bad-option` */
export function contrastOptions(read: BackboneOptions, { noise, contrastWeight, contrastTau }: Defaults) {
  const above0 = (option: string, byDefault: number) =>
    read.number(option, byDefault, 'a number above 0', (x) => x > 0);
  return {
    layers: read.whole('layers', 3, 1, 4),
    noise: read.number('noise', noise, 'a number of at least 0', (x) => x >= 0),
    contrastWeight: above0('contrastWeight', contrastWeight),
    contrastTau: above0('contrastTau', contrastTau),
    contrastNodes: read.whole('contrastNodes', 1024, 2, 8192),
  } satisfies ContrastParameters;
}
