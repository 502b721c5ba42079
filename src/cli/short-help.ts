import { type Command, CommanderError } from 'commander';

/**
 * Limits `--help` of a command to its most used options and adds `--help-all`, which shows every option, grouped.
 * @param shown long flags of the most used options
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
      // Ends the command as --help does, with exit code 0.
      throw new CommanderError(0, 'commander.helpDisplayed', '');
    });
}
