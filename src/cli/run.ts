import { Command } from 'commander';
import { withoutPasswords } from '../errors.ts';
import { version } from '../platform/version.ts';
import { errorJson, errorText, exitCodeOf, underFlag } from './failure.ts';
import { visibleLines } from './output.ts';
import { type CommandIo, Terminal } from './terminal.ts';

export type { CommandIo, Output } from './terminal.ts';

interface CommandModule {
  /** Adds arguments, options and the action to a command. The terminal is needed by the action alone. */
  define(command: Command, terminal: Terminal): void;
}

/** Each command with its summary. The module of a command is loaded when the command is asked for. */
const commands: Record<string, { summary: string; load: () => Promise<CommandModule> }> = {
  train: { summary: 'train a model on a file of interactions', load: () => import('./train.ts') },
  update: { summary: 'continue training a model with new interactions', load: () => import('./update.ts') },
  evaluate: { summary: 'measure a model on held-out interactions', load: () => import('./evaluate.ts') },
  recommend: { summary: 'recommend items to users', load: () => import('./recommend.ts') },
  explain: { summary: 'say why an item is in a list, or why not', load: () => import('./explain.ts') },
  similar: { summary: 'find items like an item, or users like a user', load: () => import('./similar.ts') },
  items: { summary: 'list popular, latest or trending items', load: () => import('./items.ts') },
  index: { summary: 'build the approximate index of a large model', load: () => import('./index-model.ts') },
  compare: { summary: 'compare two models or result files user by user', load: () => import('./compare.ts') },
  export: { summary: 'write embeddings for other programs', load: () => import('./export.ts') },
  import: { summary: 'make a model from embeddings trained elsewhere', load: () => import('./import.ts') },
  catalogue: {
    summary: 'replace the items and attributes of a model, without training',
    load: () => import('./catalogue.ts'),
  },
  compress: { summary: 'store the embeddings of a model as 16-bit floats', load: () => import('./compress.ts') },
  info: { summary: 'describe a data file or a model', load: () => import('./info.ts') },
  experiment: { summary: 'run an experiment that checks claims of the papers', load: () => import('./experiment.ts') },
  recipe: { summary: 'list, run and check settings with known quality', load: () => import('./recipe.ts') },
  serve: { summary: 'serve a model over HTTP', load: () => import('./serve.ts') },
  studio: { summary: 'open a page to see data, train, ask why and compare', load: () => import('./studio.ts') },
  publish: { summary: 'publish a model as the next version of a folder', load: () => import('./publish.ts') },
  versions: { summary: 'list the published versions of a folder', load: () => import('./versions.ts') },
  rollback: { summary: 'go back to an earlier published version', load: () => import('./rollback.ts') },
  nightly: { summary: 'update, compare and publish in one command', load: () => import('./nightly.ts') },
  analytics: { summary: 'say what came of the lists that people were shown', load: () => import('./analytics.ts') },
  forget: { summary: 'remove a user from a model and its feedback log', load: () => import('./forget.ts') },
  tune: { summary: 'search for the best training options', load: () => import('./tune.ts') },
  worker: { summary: 'train the trials that taurec tune puts into a queue', load: () => import('./worker.ts') },
  generate: { summary: 'generate a synthetic data set of any size', load: () => import('./generate.ts') },
  demo: { summary: 'train and recommend on MovieLens, in a minute', load: () => import('./demo.ts') },
  completion: { summary: 'print the completion script of a shell', load: () => import('./completion.ts') },
};

/**
 * Runs a command line within this process: `run(['train', 'ratings.csv'], { stdout: process.stdout, stderr: process.stderr })`.
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted
 */
export async function run(argv: readonly string[], io: CommandIo): Promise<number> {
  const terminal = new Terminal(argv, io);
  const wanted = commandOf(argv);
  const asJson = argv.includes('--json');
  // Completion describes all commands, any other one itself.
  const defined = wanted === 'completion' ? Object.keys(commands) : [wanted];
  let program: Command | undefined;
  try {
    program = await buildProgram(terminal, defined, asJson);
    if (argv.length > 0) await program.parseAsync(argv, { from: 'user' });
    else {
      program.outputHelp({ error: true });
      return 2;
    }
    return terminal.exitCode;
  } catch (thrown) {
    const command = program?.commands.find((one) => one.name() === wanted);
    const error = underFlag(thrown, command);
    const code = exitCodeOf(error);
    const debug = argv.includes('--debug') || !!terminal.env.TAUREC_DEBUG;
    if (code !== 0) terminal.stderr.write(asJson ? errorJson(error) : errorText(error, debug));
    return code;
  }
}

/** The program with all commands. Those in `defined` have their options. */
async function buildProgram(
  terminal: Terminal,
  defined: readonly (string | undefined)[],
  asJson: boolean,
): Promise<Command> {
  const { stdout, stderr } = terminal;
  const program = new Command('taurec')
    .description('Train, evaluate and serve recommenders from a log of likes, clicks or purchases.')
    .version(version)
    .helpCommand('help [command]', 'show the help of a command')
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      getOutHelpWidth: () => (stdout.isTTY ? stdout.columns : undefined) ?? 80,
      getErrHelpWidth: () => (stderr.isTTY ? stderr.columns : undefined) ?? 80,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      outputError: (text, write) => {
        if (!asJson) write(visibleLines(withoutPasswords(text.replace(/^error: /, 'taurec: '))));
      },
    })
    .exitOverride()
    .addHelpText('after', '\nGet started:\n  $ taurec demo\n  $ taurec train ratings.csv\n  $ taurec train --help');
  for (const [name, { summary, load }] of Object.entries(commands)) {
    const command = program.command(name).description(summary);
    if (defined.includes(name)) (await load()).define(command, terminal);
    command.optionsGroup('Common options:').option('--debug', 'show the stack of an error');
  }
  return program;
}

/** The command that a command line names. */
function commandOf(argv: readonly string[]): string | undefined {
  const [first, second] = argv.filter((argument) => !argument.startsWith('-'));
  return first === 'help' ? second : first;
}
