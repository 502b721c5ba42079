import type { Command } from 'commander';
import { forgetUser } from '../training/update/forget-user.ts';
import { addCommonOptions, addExamples, type CommonOptions } from './common-options.ts';
import { count } from './output.ts';
import type { Terminal } from './terminal.ts';

interface ForgetFlags extends Pick<CommonOptions, 'json'> {
  user: string;
  feedback?: string;
}

export function define(command: Command, terminal: Terminal): void {
  command
    .argument('<model>', 'model folder')
    .requiredOption('--user <id>', 'user to remove')
    .option('--feedback <place>', "also remove the user's events from this feedback log: sqlite:PATH or postgres://…");
  addCommonOptions(command, 'json');
  addExamples(command, 'taurec forget model --user 42', 'taurec forget model --user 42 --feedback feedback.db');
  command.action((model: string, flags: ForgetFlags) => run(terminal, model, flags));
}

async function run(terminal: Terminal, model: string, { user, feedback: place, json }: ForgetFlags): Promise<void> {
  const feedback = place === undefined ? 0 : await forgetFeedback(place, user);
  const { known, interactions } = await forgetUser(model, user);
  if (json) return terminal.printJson({ model, user, known, interactions, feedback });
  const found = known ? `removed, with ${count(interactions)} interactions` : 'not in the model';
  const events = place === undefined ? '' : `, and ${count(feedback)} feedback events`;
  terminal.print(`User ${user}: ${found}${events}.`);
  terminal.note(
    place === undefined
      ? 'Also remove the user from the data that you train on, and from the feedback log (--feedback), or the next training learns them again.'
      : 'Also remove the user from the data that you train on, or the next training learns them again.',
  );
}

/** Removes a user's events from a feedback log. Its module is imported only here, because database clients are slow to load. */
async function forgetFeedback(place: string, user: string): Promise<number> {
  const log = await (await import('../feedback/open-feedback.ts')).openFeedback(place);
  try {
    return (await log.forget?.(user)) ?? 0;
  } finally {
    await log.close();
  }
}
