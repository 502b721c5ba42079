import { TaurecError } from '../../errors.ts';
import type { RunStore } from './host.ts';

/** A store that keeps nothing beyond the session: models stay with their runs, and openings are counted while the session lives. */
export function memoryStore(): RunStore {
  const opened = new Map<string, number>();
  return {
    idOf: (number) => `run-${number}`,
    runs: async () => ({ infos: [], problems: [] }),
    async open(run) {
      throw new TaurecError('unknown-name', { kind: 'run', got: run, known: [] });
    },
    async save() {},
    async describe() {},
    async remove() {},
    opened: async (data) => opened.get(data) ?? 0,
    async countOpening(data) {
      const count = (opened.get(data) ?? 0) + 1;
      opened.set(data, count);
      return count;
    },
  };
}
