import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { ownTables } from '../../scripts/option-tables.mjs';
import { backboneNames, backboneOptions } from '../../src/backbone/backbones.ts';
import { shortenHelp } from '../../src/cli/short-help.ts';
import { addTrainingFlags, commonFlags } from '../../src/cli/training-flags.ts';
import { lossDeclarations, lossNames } from '../../src/loss/losses.ts';
import { accepted, declaredOptions, optionNames } from '../../src/option.ts';
import { parseTrainConfig, trainOptions, trainShape } from '../../src/training/config.ts';
import { errorOf } from '../support/error-of.ts';

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
    expect(of('schedule.name').choices).toEqual(['constant', 'cosine']);
    expect(of('batch.rows')).toEqual({ choices: [], words: ['auto'], number: { whole: true, least: 1 } });
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

test('--help shows the chosen options, --help-all every one', () => {
  const written: string[] = [];
  const command = new Command('train').exitOverride().configureOutput({ writeOut: (text) => void written.push(text) });
  addTrainingFlags(command);
  shortenHelp(command, commonFlags());
  const flags = (text: string) => [...text.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, flag]) => flag!);
  expect(flags(command.helpInformation()).sort()).toEqual([...commonFlags(), '--help', '--help-all'].sort());
  expect(() => command.parse(['--help-all'], { from: 'user' })).toThrow(
    expect.objectContaining({ code: 'commander.helpDisplayed', exitCode: 0 }),
  );
  expect(flags(written.join('')).sort()).toEqual([...command.options.map(({ long }) => long!), '--help'].sort());
});
