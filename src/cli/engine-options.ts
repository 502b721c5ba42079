import { enableFusedMultiplyAdd } from '../engine/open-engine.ts';
import type { CommonOptions } from './common-options.ts';

/** What the engines are told. Also turns on fused multiply-add, which must happen before the first engine or worker starts; Node 22 and later need no flag for it. */
export function engineOptions({ engine, threads }: CommonOptions): Pick<CommonOptions, 'engine' | 'threads'> {
  if (Number.parseInt(process.versions.node, 10) < 22) enableFusedMultiplyAdd();
  return { ...(engine && { engine }), ...(threads !== undefined && { threads }) };
}
