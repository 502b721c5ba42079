import { Command } from 'commander';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addReadOptions, addSplitOptions, datasetOptionsOf } from '../../src/cli/data-options.ts';
import { addTrainingFlags, checkedConfig, trainInputOf } from '../../src/cli/training-flags.ts';
import type { DatasetOptions } from '../../src/data/dataset.ts';
import { lossNames } from '../../src/loss/losses.ts';
import { randomPoint } from '../../src/search/space-searches.ts';
import { commandLineOf, trainingArguments } from '../../src/training/command-line.ts';
import { configToJson, parseTrainConfig, type TrainConfigInput } from '../../src/training/config.ts';
import { dataArguments } from '../../src/training/data-arguments.ts';
import { namesObjective } from '../../src/training/default-objective.ts';
import { configAt } from '../../src/tuning/config-at.ts';
import { defaultSpace } from '../../src/tuning/default-space.ts';
import { errorOf } from '../support/error-of.ts';

/** What `taurec train` makes of arguments. */
function read(args: readonly string[]) {
  const command = new Command().exitOverride();
  addTrainingFlags(command);
  addSplitOptions(command);
  addReadOptions(command);
  command.option('--threads <number>', '', Number).option('--seed <number>', '', Number).option('--engine <name>', '');
  command.parse(args, { from: 'user' });
  return command.opts();
}

const input: fc.Arbitrary<TrainConfigInput> = fc.record(
  {
    loss: fc.oneof(
      fc.constantFrom('sl', 'bpr', 'psl'),
      fc.record({ name: fc.constant('bsl'), tau: fc.constantFrom(0.1, Infinity), tau1: fc.constantFrom(2, 0.25) }),
      fc.constant({ name: 'slatk', tauWeight: 4.5, negativeWeight: 1.1 }),
      fc.constant({ module: './mine.mjs', export: 'hinge', options: { margin: 0.2, kind: 'soft' } }),
    ),
    backbone: fc.constantFrom('mf', 'lightgcn', { name: 'lightgcn', layers: 1, gamma: 0.2 }),
    aim: fc.constantFrom('accuracy', 'discovery'),
    popularityPrior: fc.constantFrom('auto', 0.12, -0.05, 0),
    dimension: fc.integer({ min: 1, max: 128 }),
    optimizer: fc.constantFrom('adam', 'sgd', { name: 'adam', beta2: 0.9 }),
    learningRate: fc.constantFrom(0.02, 0.01234, 1e-7),
    schedule: fc.constantFrom('constant', { name: 'cosine', warmup: 0.1 }),
    l2: fc.constantFrom(0, 0.5),
    batch: fc.record(
      {
        rows: fc.constantFrom('auto', 64),
        negatives: fc.constantFrom('all', 100),
        pool: fc.constantFrom('uniform', 'popularity'),
        alpha: fc.constantFrom(0.5, 0.75),
        logQ: fc.boolean(),
        maskPositives: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
    epochs: fc.constantFrom(100, 7),
    validation: fc.record(
      { every: fc.constantFrom(5, 20), metric: fc.constantFrom('recall@10', 'ndcg@20') },
      { requiredKeys: [] },
    ),
    refit: fc.boolean(),
    seed: fc.integer({ min: -5, max: 5 }),
    build: fc.constantFrom('auto', 'simd'),
    engine: fc.constantFrom('auto', 'reference'),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<TrainConfigInput>;

interface Source {
  readonly name?: string;
  readonly options?: object;
}

function holdsOptions(wanted: Source, below: Source): boolean {
  return wanted.name !== below.name || Object.keys(below.options ?? {}).every((name) => name in (wanted.options ?? {}));
}

test('the flags of a configuration make it again, also over a configuration file', () => {
  fc.assert(
    fc.property(input, fc.option(input, { nil: undefined }), (config, file) => {
      // A winner's configuration is the file's with options over it.
      const wanted = parseTrainConfig(file ? { ...file, ...config } : config);
      // No flag takes an option out that the file gives to a loss or backbone of this name.
      const below = parseTrainConfig(file ?? {});
      for (const kind of ['loss', 'backbone'] as const)
        fc.pre(!file?.[kind] || holdsOptions(wanted[kind], below[kind]));
      const args = trainingArguments(wanted, file);
      expect(configToJson(checkedConfig(trainInputOf(read(args), file)))).toEqual(configToJson(wanted));
    }),
    { numRuns: 300 },
  );
});

test('a command line has the flags of what differs, and makes the configuration again', () => {
  expect(commandLineOf({})).toEqual([]);
  expect(commandLineOf({ dimension: 32, loss: 'sl', refit: true, threads: 3 })).toEqual(
    '--loss sl --dimension 32 --refit --threads 3'.split(' '),
  );
  fc.assert(
    fc.property(input, fc.option(fc.constantFrom(1, 3), { nil: undefined }), (config, threads) => {
      const wanted = parseTrainConfig({ ...config, threads });
      const args = commandLineOf({ ...config, threads });
      expect(configToJson(checkedConfig(trainInputOf(read(args))))).toEqual(configToJson(wanted));
      // As a page holds it: as JSON, complete, so its loss is always named.
      const ofComplete = commandLineOf(configToJson(wanted));
      expect(ofComplete.some((word) => word === '--loss' || word === '--loss-module')).toBe(true);
      expect(configToJson(checkedConfig(trainInputOf(read(ofComplete))))).toEqual(configToJson(wanted));
      if (namesObjective(config)) expect(ofComplete).toEqual(args);
    }),
    { numRuns: 300 },
  );
});

test('a command line cannot name an object', () => {
  const loss = { name: 'mine', parameters: {}, allowsDotScores: true, evaluate: () => 0 };
  expect(errorOf(() => commandLineOf({ loss }))).toMatchObject({ code: 'bad-option', facts: { option: 'loss' } });
});

test.each(lossNames)('the flags of a default trial of %s make it again', (loss) => {
  const { space, config } = defaultSpace({ loss }, 20_000);
  const wanted = parseTrainConfig(configAt(config, randomPoint(space, 3, 7)));
  expect(configToJson(checkedConfig(trainInputOf(read(trainingArguments(wanted)))))).toEqual(configToJson(wanted));
});

test('the flags of data options make them again', () => {
  const options = {
    ...{ validRatio: 0.1, split: 'random', testRatio: 0.3, kCore: { users: 5, items: 10 }, recencyHalfLife: 3600 },
    ...{ user: 'who', item: 2, rating: false, time: 'when', minRating: 4, header: true, onBadRow: 'skip', seed: 9 },
  } as const;
  const { item, ...rest } = datasetOptionsOf(read(dataArguments(options as Partial<DatasetOptions>)));
  expect({ ...rest, item: Number(item) }).toEqual({ ...options });
});
