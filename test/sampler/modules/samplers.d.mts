import type { CustomPool, CustomSampler } from '../../../src/sampler/sampler-options.ts';

export class FirstItems implements CustomPool {
  readonly name: string;
  readonly parameters: CustomPool['parameters'];
  readonly openPool: CustomPool['openPool'];
  constructor(options?: { repeat?: boolean });
}
export function oneUser(): CustomSampler;
