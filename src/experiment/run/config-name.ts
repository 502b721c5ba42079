import type { RunRecord } from './run.ts';

/** A configuration for people: what it adds to the defaults of taurec, of a record. */
export function configName({ data, config, noise }: Pick<RunRecord, 'data' | 'config' | 'noise'>): string {
  const loss = config.loss as { name?: string; module?: string };
  const noisy = Object.entries(noise).map(([kind, level]) => `, ${kind} noise ${level}`);
  return `${data.name}, ${loss.name ?? loss.module}${noisy.join('')}`;
}
