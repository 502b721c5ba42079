// Shell completion. The scripts are complete: a shell never starts taurec to complete a word.

import { Argument, type Command, type Option } from 'commander';
import { addExamples } from './common-options.ts';
import type { Terminal } from './terminal.ts';

/** The words that a shell can offer for one command. */
interface Entry {
  /** The names of the command and its parents, such as `recipe list`; '' for the program itself. */
  readonly path: string;
  readonly summary: string;
  readonly options: readonly Option[];
  /** Names of the subcommands. */
  readonly below: readonly string[];
  /** Choices of the positional arguments. */
  readonly values: readonly string[];
}

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript };

export function define(command: Command, terminal: Terminal): void {
  command.addArgument(new Argument('<shell>', 'your shell').choices(Object.keys(scripts)));
  addExamples(
    command,
    "echo 'source <(taurec completion bash)' >> ~/.bashrc",
    "echo 'source <(taurec completion zsh)' >> ~/.zshrc",
    'taurec completion fish > ~/.config/fish/completions/taurec.fish',
  );
  // For this command, run.ts loads the options of all the others too.
  command.action((shell: keyof typeof scripts) => terminal.print(scripts[shell](entriesOf(command.parent!))));
}

/** The entry of a command, followed by those of its subcommands. */
function entriesOf(command: Command, path = ''): Entry[] {
  // `visibleOptions` adds the option --help; the hidden options are those that only --help-all shows.
  const entry = {
    path,
    summary: command.description(),
    options: command
      .createHelp()
      .visibleOptions(command)
      .concat(command.options.filter((option) => option.hidden)),
    below: command.commands.map((one) => one.name()),
    values: command.registeredArguments.flatMap((argument) => argument.argChoices ?? []),
  };
  return [entry, ...command.commands.flatMap((one) => entriesOf(one, `${path} ${one.name()}`.trim()))];
}

/** The short and the long flag of an option, as far as it has them. */
function flagsOf({ short, long }: Option): string[] {
  return [short, long].filter((flag) => flag !== undefined);
}

/** A literal string of a shell, in single quotes. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The bash script. The words offered depend on the command so far and on the previous word; with none to offer, bash completes file names. */
function bashScript(entries: readonly Entry[]): string {
  const known = entries.filter(({ path }) => path !== '').map(({ path }) => quoted(path));
  // Cases for the previous word: a flag with choices offers them …
  const choices = entries.flatMap(({ path, options }) =>
    options
      .filter(({ argChoices }) => argChoices)
      .map(
        (option) =>
          `    ${flagsOf(option)
            .map((flag) => quoted(`${path} ${flag}`))
            .join('|')}) offer=${quoted(option.argChoices!.join(' '))} ;;`,
      ),
  );
  // … and a flag with a free value offers nothing, so file names are completed.
  const values = entries.flatMap(({ path, options }) => {
    const flags = options.filter(({ required, argChoices }) => required && !argChoices).flatMap(flagsOf);
    return flags.length === 0 ? [] : [`    ${flags.map((flag) => quoted(`${path} ${flag}`)).join('|')}) return ;;`];
  });
  // Cases for the command: its flags after a dash, its subcommands and argument choices otherwise.
  const flags = entries.map(
    ({ path, options }) => `    ${quoted(path)}) offer=${quoted(options.flatMap(flagsOf).join(' '))} ;;`,
  );
  const words = entries
    .filter(({ below, values }) => below.length + values.length > 0)
    .map(({ path, below, values }) => `    ${quoted(path)}) offer=${quoted([...below, ...values].join(' '))} ;;`);
  return `# bash completion of taurec
_taurec() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" command='' offer='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${command:+$command }$word" in
    ${known.join('|')}) command="\${command:+$command }$word" ;;
    esac
  done
  case "$command $before" in
${[...choices, ...values].join('\n')}
  *) case "$current" in
  -*) case "$command" in
${flags.join('\n')}
    esac ;;
  *) case "$command" in
${words.join('\n')}
    esac ;;
  esac ;;
  esac
  COMPREPLY=($(compgen -W "$offer" -- "$current"))
}
complete -o default -F _taurec taurec`;
}

/** The zsh script: zsh runs the bash script through its own `bashcompinit`. */
function zshScript(entries: readonly Entry[]): string {
  return `autoload -Uz compinit bashcompinit\n(( \${+functions[compdef]} )) || compinit\nbashcompinit\n${bashScript(entries)}`;
}

/** The fish script: one `complete` rule for each command, argument and option. */
function fishScript(entries: readonly Entry[]): string {
  const rules = entries.flatMap(({ path, summary, options, values }) => {
    const names = path.split(' ').filter((name) => name !== '');
    // Conditions for `-n`: `seen` holds within this command, `position` where its name may be typed.
    const seen = names.map((name) => `__fish_seen_subcommand_from ${name}`).join('; and ');
    const parents = names.slice(0, -1);
    const position =
      parents.length === 0 ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${parents.join(' ')}`;
    const name = names.at(-1);
    const condition = path === '' ? [] : ['-n', quoted(seen)];
    return [
      ...(name === undefined ? [] : [['-f', '-n', quoted(position), '-a', name, '-d', quoted(summary)]]),
      ...(values.length === 0 ? [] : [['-f', ...condition, '-a', quoted(values.join(' '))]]),
      ...options.map((option) => [
        ...condition,
        ...(option.short ? ['-s', option.short.slice(1)] : []),
        ...(option.long ? ['-l', option.long.slice(2)] : []),
        ...(option.argChoices ? ['-x', '-a', quoted(option.argChoices.join(' '))] : option.required ? ['-r'] : []),
        ...['-d', quoted(option.description)],
      ]),
    ].map((words) => ['complete', '-c', 'taurec', ...words].join(' '));
  });
  return ['# fish completion of taurec', ...rules].join('\n');
}
