import type { Command } from 'commander';
import { attributesText, catalogueNotes } from '../catalogue/reading-notes.ts';
import { readCatalogue } from '../data/read-catalogue.ts';
import { replaceCatalogue } from '../model/replace-catalogue.ts';
import { addCommonOptions, addExamples, type CommonOptions } from './common-options.ts';
import { count } from './output.ts';
import type { Terminal } from './terminal.ts';

interface CatalogueFlags extends CommonOptions {
  from: string;
}

export function define(command: Command, terminal: Terminal): void {
  command
    .argument('<model>', 'model folder')
    .requiredOption('--from <file>', 'the new catalogue: a file, URL or database table of items');
  addCommonOptions(command, 'json', 'quiet');
  addExamples(
    command,
    'taurec catalogue model --from items.csv',
    "taurec catalogue model --from 'postgres://shop@db/shop?table=products'",
  );
  command.action((model: string, flags: CatalogueFlags) => run(terminal, model, flags));
}

async function run(terminal: Terminal, model: string, { from, json, quiet }: CatalogueFlags): Promise<void> {
  const table = await readCatalogue(from);
  const match = await replaceCatalogue(model, table);
  const say = terminal.notes(quiet);
  for (const note of catalogueNotes(table, match)) say(note);
  const attributes = [...table.attributes].map(([name, { type }]) => ({ name, type }));
  const { matched, unknown } = match;
  if (json)
    terminal.printJson({
      model,
      source: table.source,
      items: table.ids.size,
      matched,
      unknown,
      attributes,
      leftOut: table.leftOut,
    });
  else terminal.print(`${model}: ${count(matched)} items with ${attributesText(attributes)}.`);
}
