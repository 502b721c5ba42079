#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { withoutPasswords } from '../errors.ts';
import { describeError, exitCodeOf, inFlags } from './failure.ts';

/** Each command: what it does, and where its options and its work are; a command's file is loaded when the command is asked for. */
const commands: Record<string, { summary: string; load: () => Promise<{ define: (command: Command) => void }> }> = {
  train: { summary: 'train a model on a file of interactions', load: () => import('./train.ts') },
  update: { summary: 'continue a model with new interactions', load: () => import('./update.ts') },
  evaluate: { summary: 'measure a model on held-out interactions', load: () => import('./evaluate.ts') },
  recommend: { summary: 'recommend items to users', load: () => import('./recommend.ts') },
  similar: { summary: 'find items like an item, or users like a user', load: () => import('./similar.ts') },
  index: { summary: 'build the approximate index of a large model', load: () => import('./index-model.ts') },
  compare: { summary: 'compare two models or result files user by user', load: () => import('./compare.ts') },
  export: { summary: 'write embeddings for other programs', load: () => import('./export.ts') },
  import: { summary: 'make a model of embeddings trained elsewhere', load: () => import('./import.ts') },
  info: { summary: 'describe a data file or a model', load: () => import('./info.ts') },
  experiment: { summary: "run one of the papers' experiments", load: () => import('./experiment.ts') },
  recipe: { summary: 'list, run and check settings with known quality', load: () => import('./recipe.ts') },
  serve: { summary: 'serve a model over HTTP', load: () => import('./serve.ts') },
  tune: { summary: 'search the best options of a training', load: () => import('./tune.ts') },
  worker: { summary: 'train what taurec tune puts into a queue', load: () => import('./worker.ts') },
  generate: { summary: 'make up a data set of any size', load: () => import('./generate.ts') },
  demo: { summary: 'train and recommend on MovieLens, in a minute', load: () => import('./demo.ts') },
};

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

const program = new Command('taurec')
  .description('Recommender models of the softmax-loss family: train, evaluate, recommend.')
  .version(version)
  .helpCommand('help [command]', 'show the help of a command')
  .showSuggestionAfterError()
  .configureOutput({ outputError: (text, write) => write(withoutPasswords(text.replace(/^error: /, 'taurec: '))) })
  .exitOverride()
  .addHelpText('after', '\nBegin with:\n  $ taurec demo\n  $ taurec train ratings.csv\n  $ taurec train --help');

const [first, second] = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const wanted = first === 'help' ? second : first;
for (const [name, { summary, load }] of Object.entries(commands)) {
  const command = program.command(name).description(summary);
  if (name === wanted) (await load()).define(command);
  command.optionsGroup('Common options:').option('--debug', 'show where an error came from');
}

// A reader that has enough (`taurec recommend … | head`) closes the pipe: nothing is wrong.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

// Where no command listens, as while data is read, Ctrl-C ends the program as an exit, which removes temporary files.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.on(signal, () => {
    if (process.listenerCount(signal) === 1) process.exit(code);
  });
}

try {
  if (process.argv.length <= 2) {
    program.outputHelp({ error: true });
    process.exitCode = 2;
  } else await program.parseAsync();
} catch (thrown) {
  const error = inFlags(
    thrown,
    program.commands.find((command) => command.name() === wanted),
  );
  const debug = process.argv.includes('--debug') || !!process.env.TAUREC_DEBUG;
  process.stderr.write(describeError(error, debug));
  process.exitCode = exitCodeOf(error);
}
