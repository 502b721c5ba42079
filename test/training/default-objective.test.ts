import { describe, expect, it } from 'vitest';
import { type Csr, csrFromEntries } from '../../src/array/csr.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { parseTrainConfig, type TrainConfigInput } from '../../src/training/config.ts';
import { configFor, namesObjective, objectiveByData } from '../../src/training/default-objective.ts';
import type { TrainEvent } from '../../src/training/events.ts';
import { trainEmbeddings } from '../../src/training/train-embeddings.ts';
import { validUsers } from '../../src/training/validation.ts';
import { errorOf } from '../support/error-of.ts';
import { expectSameModel } from '../support/same-model.ts';

const { train, valid } = syntheticDataset({
  users: 150,
  items: 40,
  interactions: 1500,
  validRatio: 0.2,
  seed: 2,
}) as { train: Csr; valid: Csr };
const validated = {
  loss: { name: 'bsl', options: { tau1: 1, negativeWeight: 1 } },
  rowWeight: 'sqrt',
  popularityPrior: 'auto',
} as const;
const popular = { pool: 'popularity', alpha: 0.5 } as const;

describe('configFor', () => {
  it('takes popular negatives, λ = 1, square roots and a prior by validation where the objective is not named', () => {
    const others = { dimension: 8, epochs: 3, rankingScore: 'dot', aim: 'accuracy', batch: { rows: 20 } } as const;
    const { config, objective } = configFor({ train, valid }, others);
    expect(config).toEqual(parseTrainConfig({ ...others, ...validated, batch: { ...others.batch, ...popular } }));
    expect(objective).toEqual({ config: { ...validated, batch: popular }, users: validUsers(valid, train) });
  });

  it('has the declared defaults without validation interactions of 100 trained users', () => {
    const few = (users: number) =>
      csrFromEntries(
        users,
        40,
        Array.from({ length: users }, (_, user) => user),
        new Array<number>(users).fill(0),
      );
    expect(configFor({ train, valid: few(100) }, {}).config.loss).toEqual(validated.loss);
    expect(objectiveByData({ train, valid: few(100) })?.users).toBe(100);
    for (const data of [{ train }, { train, valid: few(0) }, { train, valid: few(99) }]) {
      expect(configFor(data, { epochs: 3 })).toEqual({ config: parseTrainConfig({ epochs: 3 }) });
      expect(objectiveByData(data)).toBeUndefined();
    }
  });

  it.each<TrainConfigInput>([
    { loss: 'sl' },
    { backbone: 'lightgcn' },
    { score: 'dot' },
    { rowWeight: 'count' },
    { popularityPrior: 0 },
    { aim: 'discovery' },
    { batch: { pool: 'uniform' } },
    { batch: { alpha: 0.7 } },
    { batch: { kind: 'pair' } },
    { batch: { logQ: true } },
    { batch: { maskPositives: false } },
    { batch: { negatives: 'all' } },
    parseTrainConfig({}) as TrainConfigInput,
  ])('leaves alone what names an objective: %j', (config) => {
    expect(namesObjective(config)).toBe(true);
    expect(configFor({ train, valid }, config)).toEqual({ config: parseTrainConfig(config) });
  });

  it('refuses what training refuses', () => {
    const error = errorOf(() => configFor({ train, valid }, { epoch: 3 } as TrainConfigInput));
    expect(error).toMatchObject({ code: 'bad-option', facts: { option: 'epoch' } });
  });

  it('is what training runs with', async () => {
    const small = { engine: 'reference', dimension: 4, epochs: 2, neighbors: 'off', seed: 3 } as const;
    const bare = await trainEmbeddings({ train, valid }, small);
    const named = await trainEmbeddings({ train, valid }, { ...small, ...validated, batch: popular });
    expectSameModel(bare, named);
    expect(bare.config).toEqual(named.config);
    const { config } = objectiveByData({ train, valid })!;
    expect(namesObjective(config)).toBe(true);
    expectSameModel(bare, await trainEmbeddings({ train, valid }, { ...small, ...config }));
    const withoutValid = await trainEmbeddings({ train }, small);
    expect(withoutValid.config.batch.pool).toBe('uniform');
    expect(withoutValid.config.loss).toMatchObject({ name: 'bsl', options: { negativeWeight: 1.2 } });
  });

  it('is told before the run starts, and only where it was taken', async () => {
    const small = { engine: 'reference', dimension: 4, epochs: 1, neighbors: 'off' } as const;
    const told = async (data: { train: Csr; valid?: Csr }, config: TrainConfigInput) => {
      const events: TrainEvent[] = [];
      await trainEmbeddings(data, { ...small, ...config }, { onProgress: (event) => events.push(event) });
      expect(events.findIndex(({ type }) => type === 'objective')).toBeLessThan(1);
      return events.filter(({ type }) => type === 'objective');
    };
    expect(await told({ train, valid }, {})).toEqual([{ type: 'objective', ...objectiveByData({ train, valid }) }]);
    expect(await told({ train, valid }, { loss: 'sl' })).toEqual([]);
    expect(await told({ train }, {})).toEqual([]);
  });
});
