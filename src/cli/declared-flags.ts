import { type Command, Option } from 'commander';
import { accepted, type DeclaredOption, defaultOf, type OptionFacts } from '../option.ts';
import { number, numbers, whole } from './parse.ts';

/** An option with its flag, as its declaration has them. */
export type FlaggedOption = DeclaredOption & { readonly facts: OptionFacts & { readonly flag: string } };

/** The declared options that have a flag of the command, but those of `without`. */
export function flagged(options: readonly DeclaredOption[], without: readonly string[] = []): FlaggedOption[] {
  return options.filter(
    (option): option is FlaggedOption =>
      option.facts?.flag !== undefined && !option.facts.shared && !without.includes(option.path),
  );
}

/** The flags of the most used options, which `--help` shows without `--help-all`. */
export function commonFlags(options: readonly DeclaredOption[]): string[] {
  return flagged(options)
    .filter(({ facts }) => facts.common)
    .map(longOf);
}

/** Readers of values that no declaration describes, by the option's path. */
export type Readers = Readonly<Record<string, (text: string) => unknown>>;

/**
 * Adds a flag for every declared option that has one, under the headings of their groups; the help states the defaults.
 * @param add adds the flag of one option; told otherwise, as its declaration describes it
 */
export function addDeclaredFlags(
  command: Command,
  options: readonly DeclaredOption[],
  readers: Readers = {},
  add = (option: FlaggedOption) => void command.addOption(asFlag(option, true, readers)),
): void {
  // Options of one group are listed together, whatever lies between their declarations.
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

/** The flag of a declared option; its help states the choices and, unless told otherwise, the default. */
export function asFlag({ path, schema, facts }: FlaggedOption, withDefault = true, readers: Readers = {}): Option {
  const byDefault = withDefault ? defaultOf(schema) : undefined;
  const option = new Option(facts.flag, `${facts.help}${stated(byDefault)}`);
  const { choices, words, number: bounds, list } = accepted(schema);
  const allWords = facts.automatic ? [...words, 'auto'] : words;
  if (readers[path]) option.argParser(readers[path]);
  else if (choices.length > 0) option.choices([...choices]);
  else if (bounds) option.argParser<unknown>(list ? numbers : readerOf(bounds, allWords));
  return option;
}

/** Reads a number, or one of the words that the option takes in its place. */
function readerOf(
  { whole: isWhole, least }: NonNullable<ReturnType<typeof accepted>['number']>,
  words: readonly string[],
) {
  const read = isWhole ? whole(least) : number;
  return (text: string) => (words.includes(text) ? text : read(text));
}

/** The values of declared options among a command's flags, set by their paths over `base`. */
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

/** `halfLife` of `--half-life <number>` */
export function attributeOf(flag: string): string {
  return new Option(flag).attributeName();
}

/** `--rows` of `--rows <number>` */
export function longOf({ facts }: FlaggedOption): string {
  return new Option(facts.flag).long!;
}

/** `--refit` → `--no-refit` */
export function negation(flag: string): string {
  return new Option(flag).long!.replace(/^--/, '--no-');
}

/** The default as help states it. */
export function stated(value: unknown): string {
  if (value === undefined || typeof value === 'boolean') return '';
  return ` (default: ${Array.isArray(value) && value.length === 0 ? 'none' : value})`;
}

/** Sets config.a.b; `a: 'cosine'` in a file stands for `a: {name: 'cosine'}`. */
export function setAt(config: Record<string, unknown>, path: string, value: unknown): void {
  const [first, second] = path.split('.') as [string, string?];
  if (second === undefined) {
    config[first] = value;
    return;
  }
  const group = config[first];
  config[first] = { ...(typeof group === 'string' ? { name: group } : (group as object | undefined)), [second]: value };
}
