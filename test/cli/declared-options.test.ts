import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { afterAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { ownTables } from '../../scripts/option-tables.mjs';
import { csrFromEntries } from '../../src/array/csr.ts';
import { backboneNames, backboneOptions } from '../../src/backbone/backbones.ts';
import { addCommonOptions } from '../../src/cli/common-options.ts';
import { readConfigFile } from '../../src/cli/config-file.ts';
import { addDeclaredFlags, commonFlags, declaredValues } from '../../src/cli/declared-flags.ts';
import { shortenHelp } from '../../src/cli/short-help.ts';
import { addTrainingFlags, sourceFlags } from '../../src/cli/training-flags.ts';
import { datasetShape } from '../../src/data/dataset.ts';
import { readShape } from '../../src/data/read-options.ts';
import { runShape } from '../../src/engine/run-options.ts';
import { automaticOptions, automaticSearch, lossDeclarations, lossNames } from '../../src/loss/losses.ts';
import {
  accepted,
  checkOptions,
  declaredOptions,
  finite,
  OptionSet,
  option,
  optionFacts,
  optionNames,
} from '../../src/option.ts';
import { halvingShape } from '../../src/search/halving.ts';
import { checkServeOptions, serveShape } from '../../src/server/serve-options.ts';
import { automaticCoordinates } from '../../src/training/automatic-options.ts';
import { parseTrainConfig, trainOptions, trainShape } from '../../src/training/config.ts';
import { updateShape } from '../../src/training/update/update-model.ts';
import { parseTuneSettings, tuneShape } from '../../src/tuning/tune-settings.ts';
import { errorOf } from '../support/error-of.ts';

const folder = mkdtempSync(join(tmpdir(), 'taurec-options-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A configuration file. */
function configOf(content: object): string {
  const file = join(folder, 'taurec.config.json');
  writeFileSync(file, JSON.stringify(content));
  return file;
}

/** What is derived from a table of declarations. */
function derivedFrom(shape: Parameters<typeof declaredOptions>[0]) {
  const options = declaredOptions(shape);
  const command = new Command('train');
  addTrainingFlags(command, [], options);
  return {
    flags: command.options.map(({ long }) => long!),
    help: command.helpInformation(),
    table: ownTables(command),
    paths: options.map(({ path }) => path),
    parse: (input: unknown) => parseTrainConfig(input, shape),
  };
}

describe('an option is declared once', () => {
  test('without the declaration of epochs its flag, help, row, key and path are gone, and nothing else', () => {
    const { epochs: _, ...without } = trainShape;
    const [all, less] = [derivedFrom(trainShape), derivedFrom(without)];
    expect(all.flags.filter((flag) => !less.flags.includes(flag))).toEqual(['--epochs']);
    expect(all.paths.filter((path) => !less.paths.includes(path))).toEqual(['epochs']);
    for (const text of [less.help, less.table]) expect(text).not.toContain('--epochs');
    for (const text of [all.help, all.table]) expect(text).toContain('--epochs');
    expect(all.parse({ epochs: 3 })).toMatchObject({ epochs: 3 });
    expect(errorOf(() => less.parse({ epochs: 3 })).facts).toMatchObject({
      option: 'epochs',
      expected: 'no such option',
    });
  });

  test('without the declaration of the forms of bsl the flag and its choices are gone', () => {
    const flagsOf = (losses: readonly string[]) => {
      const shape = { loss: trainShape.loss };
      const facts = declaredOptions(shape)[0]!.facts!;
      const builtIn = Object.fromEntries(losses.map((name) => [name, facts.source!.builtIn[name]!]));
      const command = new Command('train');
      addTrainingFlags(
        command,
        [],
        [{ path: 'loss', schema: shape.loss, facts: { ...facts, source: { ...facts.source!, builtIn } } }],
      );
      return command;
    };
    const [all, less] = [flagsOf(lossNames), flagsOf(lossNames.filter((name) => name !== 'bsl'))];
    const longs = (command: Command) => command.options.map(({ long }) => long!);
    expect(longs(all).filter((flag) => !longs(less).includes(flag))).toEqual(['--tau1', '--form']);
    expect(all.helpInformation()).toContain('"reweight"');
    expect(less.helpInformation()).not.toContain('"reweight"');
  });

  test('choices, words and bounds come from the type', () => {
    const of = (path: string) => accepted(trainOptions.find((option) => option.path === path)!.schema);
    expect(of('schedule.name').choices).toEqual(['constant', 'cosine', 'cooldown']);
    expect(of('batch.rows')).toEqual({
      choices: [],
      words: ['auto'],
      number: { whole: true, least: 1, most: Number.MAX_SAFE_INTEGER },
    });
    expect(of('validation.metric')).toEqual({ choices: [], words: [] });
  });

  test('every option of training has a flag and help; every path is a key of the configuration', () => {
    expect(trainOptions.filter(({ facts }) => !facts?.help).map(({ path }) => path)).toEqual([]);
    const config = parseTrainConfig({});
    for (const { path } of trainOptions) {
      const [first, second] = path.split('.') as [string, string?];
      expect(optionNames(trainShape)).toContain(first);
      if (second !== undefined) expect(optionNames(trainShape, [first])).toContain(second);
    }
    expect(Object.keys(config).every((key) => trainOptions.some(({ path }) => path.split('.', 1)[0] === key))).toBe(
      true,
    );
  });

  test('every built-in loss and backbone declares its options under its own name', () => {
    for (const name of lossNames) expect(lossDeclarations[name].options).toMatchObject({ kind: 'loss', name });
    for (const name of backboneNames) expect(backboneOptions[name]).toMatchObject({ kind: 'backbone', name });
  });
});

/** Every other table of declarations: an option of it, its path where that differs, its flag, and a value out of bounds. */
const tables = {
  'a study': [tuneShape, 'trials', '--trials', 0],
  'the halving of a study': [halvingShape, 'factor', '--factor', 1],
  'the server': [serveShape, 'deadline', '--deadline', 0],
  'reading a log': [readShape, 'minRating', '--min-rating', 'good'],
  'a column of a log': [readShape, 'time', '--time', true],
  'splitting a log': [datasetShape, 'recencyHalfLife', '--half-life', 0],
  'an update': [updateShape, 'epochs', '--epochs', 0],
} satisfies Record<string, [z.ZodRawShape, string, string, unknown]>;

describe.each(Object.entries(tables))('%s', (_, [shape, name, flag, wrong]) => {
  const { [name]: removed, ...without } = shape as z.ZodRawShape;
  const of = (table: z.ZodRawShape) => {
    const options = declaredOptions(table);
    const command = new Command();
    addDeclaredFlags(command, options);
    return {
      flags: command.options.map(({ long }) => long!),
      help: command.helpInformation().replaceAll(/\s+/g, ' '),
      // Headings that several commands share have a table of their own.
      table: command.options.map(({ long, description }) => `${long} ${description}`).join('\n') + ownTables(command),
      keys: optionNames(table),
      values: declaredValues(options, { [new Option(optionFacts(removed as z.ZodType)!.flag!).attributeName()]: 'x' }),
    };
  };
  const [all, less] = [of(shape), of(without)];

  test('without the declaration of an option its flags, help, row and key are gone, and nothing else', () => {
    const negation = flag.replace('--', '--no-');
    expect(all.flags.filter((one) => !less.flags.includes(one) && one !== negation)).toEqual([flag]);
    expect(all.keys.filter((one) => !less.keys.includes(one))).toEqual([name]);
    for (const text of [all.help, all.table]) expect(text).toContain(flag);
    for (const text of [less.help, less.table]) expect(text).not.toContain(`${flag} `);
    expect(all.values).toEqual({ [name]: 'x' });
    expect(less.values).toEqual({});
  });

  test('the declaration says what is in bounds', () => {
    expect(errorOf(() => checkOptions(z.object({ [name]: removed! }), { [name]: wrong }))).toMatchObject({
      code: 'bad-option',
      facts: { option: name, got: wrong, expected: expect.stringMatching(/\w/) },
    });
  });

  test('every option with a flag has help', () => {
    for (const { facts } of declaredOptions(shape)) expect(facts?.help).toMatch(/\w/);
  });
});

test('keys of a study, the server and the data are those of the declarations', async () => {
  const { trials: _, ...study } = tuneShape;
  expect(parseTuneSettings({ trials: 3 })).toMatchObject({ trials: 3 });
  expect(errorOf(() => parseTuneSettings({ trials: 3 }, study)).facts).toMatchObject({
    option: 'tune.trials',
    expected: 'no such option',
  });
  expect(Object.keys(checkServeOptions({})).every((key) => Object.hasOwn(serveShape, key))).toBe(true);
  await expect(readConfigFile(configOf({ data: { halfLife: 3 } }))).rejects.toMatchObject({
    code: 'unknown-name',
    facts: { got: 'halfLife', known: Object.keys(datasetShape) },
  });
});

test('seed, threads and engine are one declaration, under whatever command', () => {
  const command = new Command();
  addCommonOptions(command, 'seed', 'threads', 'engine');
  for (const name of ['seed', 'threads', 'engine'] as const) {
    expect(trainShape[name]).toBe(runShape[name]);
    const { flag, help } = optionFacts(runShape[name])!;
    expect(command.options.find((option) => option.attributeName() === name)).toMatchObject({
      flags: flag,
      description: help,
    });
  }
  expect([serveShape.engine, updateShape.engine, updateShape.threads]).toEqual([
    runShape.engine,
    runShape.engine,
    runShape.threads,
  ]);
  const { seed: _, ...without } = trainShape;
  expect(errorOf(() => parseTrainConfig({ seed: 1 }, without)).facts).toMatchObject({ expected: 'no such option' });
});

describe("an option that may be 'auto'", () => {
  const automatic = lossNames.flatMap((loss) =>
    declaredOptions(lossDeclarations[loss].options.shape)
      .filter(({ facts }) => facts?.automatic)
      .map(({ path }) => [loss, path] as const),
  );

  test.each(automatic)('%s: the search of %s is that of its declaration', (loss, path) => {
    const source = { name: loss, options: { [path]: 'auto' } };
    expect(automaticOptions(source)).toEqual([path]);
    const data = { train: csrFromEntries(2, 3, [0, 1], [0, 1]), valid: csrFromEntries(2, 3, [0, 1], [1, 2]) };
    const config = parseTrainConfig({ loss: source });
    const { start, ...search } = automaticSearch(loss, path)!;
    const coordinate = { name: path, start: start({ items: 3, aim: 'accuracy' }), ...search };
    expect(automaticCoordinates(config, data)).toEqual([coordinate]);
  });

  test('the flag takes the word only where a declaration has the search', () => {
    const { tau } = lossDeclarations.sl.options.shape as { tau: typeof trainShape.learningRate };
    const { automatic: _, ...plain } = optionFacts(tau)!;
    const flagOf = (facts: typeof plain) => {
      const declared = new OptionSet('loss', 'made-up', { tau: option(finite.optional(), facts) });
      return sourceFlags({ kind: 'loss', method: 'evaluate', builtIn: { declared } }).tau!;
    };
    expect(flagOf(optionFacts(tau)!).parseArg!('auto', undefined)).toBe('auto');
    expect(() => flagOf(plain).parseArg!('auto', undefined)).toThrow(/Expected a number/);
  });
});

test('the names of losses and backbones are listed by help and completion; the flag takes any name', () => {
  const command = new Command().exitOverride();
  addTrainingFlags(command);
  const named = (long: string) => command.options.find((option) => option.long === long)!;
  expect(named('--loss').argChoices).toEqual(lossNames);
  expect(named('--backbone').argChoices).toEqual(backboneNames);
  expect(named('--sampler-module').argChoices).toBeUndefined();
  command.parse(['--loss', 'another', '--backbone', 'another'], { from: 'user' });
  expect(command.opts()).toMatchObject({ loss: 'another', backbone: 'another' });
});

test('--help shows the chosen options, --help-all every one', () => {
  const written: string[] = [];
  const command = new Command('train').exitOverride().configureOutput({ writeOut: (text) => void written.push(text) });
  addTrainingFlags(command);
  shortenHelp(command, commonFlags(trainOptions));
  const flags = (text: string) => [...text.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, flag]) => flag!);
  expect(flags(command.helpInformation()).sort()).toEqual(
    [...commonFlags(trainOptions), '--help', '--help-all'].sort(),
  );
  expect(() => command.parse(['--help-all'], { from: 'user' })).toThrow(
    expect.objectContaining({ code: 'commander.helpDisplayed', exitCode: 0 }),
  );
  expect(flags(written.join('')).sort()).toEqual([...command.options.map(({ long }) => long!), '--help'].sort());
});
