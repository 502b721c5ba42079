import { type Command, CommanderError } from 'commander';

/**
 * Leaves only the most used options in `--help` of a command; `--help-all` shows every option by its groups.
 * @param shown long flags
 */
export function shortenHelp(command: Command, shown: readonly string[]): void {
  const rest = command.options.filter(({ long }) => !shown.includes(long!));
  for (const option of rest) option.hideHelp();
  command
    .optionsGroup('Common options:')
    .option('--help-all', 'show every option, grouped')
    .on('option:help-all', () => {
      for (const option of rest) option.hideHelp(false);
      command.outputHelp();
      throw new CommanderError(0, 'commander.helpDisplayed', '');
    });
}
