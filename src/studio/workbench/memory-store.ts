import { TaurecError } from '../../errors.ts';
import type { Model } from '../../model/model.ts';
import type { ModelConfig } from '../../model/model-facts.ts';
import { nothingKept, type RunStore } from './host.ts';

/** A store that keeps nothing beyond the session: models stay in memory, and openings are counted while the session lives. */
export function memoryStore(): RunStore {
  const opened = new Map<string, number>();
  const models = new Map<string, Model>();
  return {
    idOf: (number) => `run-${number}`,
    runs: async () => ({ infos: [], begun: [], problems: [], elsewhere: [] }),
    async begin() {},
    letGo: async () => nothingKept,
    async open(run) {
      const model = models.get(run);
      if (model) return model as Model<ModelConfig>;
      throw new TaurecError('unknown-name', { kind: 'run', got: run, known: [...models.keys()] });
    },
    async save({ id }, model) {
      models.set(id, model);
    },
    async describe() {},
    async remove(run) {
      models.delete(run);
    },
    opened: async (data) => opened.get(data) ?? 0,
    async countOpening(data) {
      const count = (opened.get(data) ?? 0) + 1;
      opened.set(data, count);
      return count;
    },
  };
}
