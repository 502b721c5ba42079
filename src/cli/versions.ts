import type { Command } from 'commander';
import { listVersions } from '../model/versions.ts';
import { addCommonOptions, addExamples, type CommonOptions } from './common-options.ts';
import { count, decimal, table } from './output.ts';
import type { Terminal } from './terminal.ts';

export function define(command: Command, terminal: Terminal): void {
  command.argument('<folder>', 'folder of versions');
  addCommonOptions(command, 'json');
  addExamples(command, 'taurec versions published');
  command.action((folder: string, flags: Pick<CommonOptions, 'json'>) => run(terminal, folder, flags));
}

async function run(terminal: Terminal, folder: string, { json }: Pick<CommonOptions, 'json'>): Promise<void> {
  const { current, versions, history } = await listVersions(folder);
  if (json) return terminal.printJson({ folder, current, versions, history });
  terminal.print(
    table(
      ['', 'version', 'published', 'users', 'items', 'interactions', 'metrics', 'note'],
      versions.map(({ name, published, users, items, interactions, metrics, note = '' }) => [
        name === current ? '→' : '',
        name,
        published.slice(0, 16).replace('T', ' '),
        ...[users, items, interactions].map(count),
        Object.entries(metrics)
          .flatMap(([part, { values }]) => ndcgText(part, values))
          .join(', '),
        note,
      ]),
    ),
  );
}

/** NDCG of a part of the data: the first cut-off that the model has. */
function ndcgText(part: string, values: Readonly<Record<string, number>>): string[] {
  const [metric, value] = Object.entries(values).find(([name]) => name.startsWith('ndcg@')) ?? [];
  return metric === undefined ? [] : [`${part} ${metric} ${decimal(value!)}`];
}
