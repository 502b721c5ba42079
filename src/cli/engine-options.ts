import { enableFusedMultiplyAdd } from '../engine/open-engine.ts';
import type { CommonOptions } from './common-options.ts';

/** Engine options of the command line. Also enables fused multiply-add, which must happen before the first engine or worker starts. */
export function engineOptions({ engine, threads }: CommonOptions): Pick<CommonOptions, 'engine' | 'threads'> {
  enableFusedMultiplyAdd();
  return { ...(engine && { engine }), ...(threads !== undefined && { threads }) };
}
