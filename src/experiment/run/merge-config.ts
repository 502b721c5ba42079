import type { TrainConfigInput } from '../../training/config.ts';

/** Settings that are replaced as a whole: their options mean nothing under another name. */
const whole = new Set(['loss', 'backbone']);

/** Training options over others: groups (batch, validation …) are merged option by option. Later ones win. */
export function mergeConfigs(...configs: readonly TrainConfigInput[]): TrainConfigInput {
  return configs.reduce((merged, config) => over(merged, config)) as TrainConfigInput;
}

function over(below: object, above: object): object {
  const merged: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    if (value === undefined) continue;
    const under = merged[key];
    merged[key] = !whole.has(key) && isGroup(under) && isGroup(value) ? over(under, value) : value;
  }
  return merged;
}

function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
