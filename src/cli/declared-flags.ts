// Turns declared options (see option.ts) into flags of a command, and the values of flags back into options.

import { type Command, Option } from 'commander';
import { accepted, type DeclaredOption, defaultOf, type OptionFacts } from '../option.ts';
import { longFlag, negation } from '../training/command-line.ts';
import { between, number, numbers, whole, wholes } from './parse.ts';

/** A declared option that has a flag. */
export type FlaggedOption = DeclaredOption & { readonly facts: OptionFacts & { readonly flag: string } };

/** The declared options with a flag, except those in `without` and those that most commands share (`addCommonOptions` adds these). */
export function flagged(options: readonly DeclaredOption[], without: readonly string[] = []): FlaggedOption[] {
  return options.filter(
    (option): option is FlaggedOption =>
      option.facts?.flag !== undefined && !option.facts.shared && !without.includes(option.path),
  );
}

/** The long flags of the most used options, which `--help` shows without `--help-all`. */
export function commonFlags(options: readonly DeclaredOption[]): string[] {
  return flagged(options)
    .filter(({ facts }) => facts.common)
    .map(longOf);
}

/** Parsers for values that a declaration cannot describe, by the option's path. */
export type Readers = Readonly<Record<string, (text: string) => unknown>>;

/**
 * Adds a flag for every declared option that has one, under the heading of its group. The help states the defaults. An option with an opposite also gets
 * `--no-…`.
 * @param add adds the flag of one option. Default: as the declaration describes it
 */
export function addDeclaredFlags(
  command: Command,
  options: readonly DeclaredOption[],
  readers: Readers = {},
  add = (option: FlaggedOption) => void command.addOption(asFlag(option, true, readers)),
): void {
  // The options of a group are listed together, even where other declarations lie between them.
  const all = flagged(options);
  for (const group of new Set(all.map(({ facts }) => facts.group ?? 'Options:'))) {
    command.optionsGroup(group);
    for (const option of all.filter(({ facts }) => (facts.group ?? 'Options:') === group)) {
      const { flag, sets, opposite } = option.facts;
      add(option);
      if (sets !== undefined) {
        const help = opposite ?? `the opposite of ${longOf(option)}`;
        command.option(negation(flag), `${help} (overrides the configuration file)`);
      } else if (opposite !== undefined) command.option(negation(flag), opposite);
    }
  }
}

/** The flag of a declared option. Its help states the choices and, with `withDefault`, the default. Its parser comes from `readers`, else from the option's schema. */
export function asFlag({ path, schema, facts }: FlaggedOption, withDefault = true, readers: Readers = {}): Option {
  // Some help lines say in words what the default means.
  const isStated = !withDefault || facts.bare !== undefined || facts.help.includes('(default');
  const byDefault = isStated ? undefined : defaultOf(schema);
  const given = facts.bare === undefined ? '' : ` (without a number: ${facts.bare})`;
  const option = new Option(facts.flag, `${facts.help}${stated(byDefault)}${given}`);
  if (facts.bare !== undefined) option.preset(String(facts.bare));
  const { choices, words, number: bounds, list } = accepted(schema);
  // `auto` is not part of the schema of a loss option: the training replaces it by a number before the loss sees it.
  const allWords = facts.automatic ? [...words, 'auto'] : words;
  if (readers[path]) option.argParser(readers[path]);
  else if (choices.length > 0) option.choices([...choices]);
  else if (bounds) option.argParser<unknown>(list ? (bounds.whole ? wholes : numbers) : readerOf(bounds, allWords));
  return option;
}

/** Returns a parser of a number, or of one of the words that the option accepts instead. */
function readerOf(
  { whole: isWhole, least, most }: NonNullable<ReturnType<typeof accepted>['number']>,
  words: readonly string[],
) {
  const isBounded = least > -Infinity && most < Infinity;
  const read = isWhole ? whole(least) : isBounded ? between(least, most) : number;
  return (text: string) => (words.includes(text) ? text : read(text));
}

/** The values of the declared options among a command's flags, set at their paths over a copy of `base`. */
export function declaredValues(
  options: readonly DeclaredOption[],
  flags: object,
  base: object = {},
): Record<string, unknown> {
  const values: Record<string, unknown> = { ...base };
  for (const { path, facts } of options) {
    if (facts?.flag === undefined) continue;
    const given = (flags as Readonly<Record<string, unknown>>)[attributeOf(facts.flag)];
    if (given !== undefined) setAt(values, path, facts.sets === undefined ? given : facts.sets === given);
  }
  return values;
}

/** `--half-life <number>` → `halfLife`, the key under which commander stores the value. */
export function attributeOf(flag: string): string {
  return new Option(flag).attributeName();
}

/** `--rows <number>` → `--rows` */
export function longOf({ facts }: FlaggedOption): string {
  return longFlag(facts.flag);
}

/** The default as the help states it; '' for none and for switches. */
export function stated(value: unknown): string {
  if (value === undefined || typeof value === 'boolean') return '';
  const isEmpty = typeof value === 'object' && value !== null && Object.keys(value).length === 0;
  return ` (default: ${isEmpty ? 'none' : value})`;
}

/** Sets `config.a` or `config.a.b`. A text at `a`, such as 'cosine', is short for `{name: 'cosine'}` and keeps that name. Other objects are copied, not changed. */
export function setAt(config: Record<string, unknown>, path: string, value: unknown): void {
  const [first, second] = path.split('.') as [string, string?];
  if (second === undefined) {
    config[first] = value;
    return;
  }
  const group = config[first];
  config[first] = { ...(typeof group === 'string' ? { name: group } : (group as object | undefined)), [second]: value };
}
