import { existsSync, readdirSync, statSync } from 'node:fs';
import type { Command } from 'commander';
import { attributesText, readingNotes } from '../catalogue/reading-notes.ts';
import { type ColumnsRead, roles } from '../data/columns.ts';
import { databasePlace } from '../data/database/database-place.ts';
import { type DataInfo, describe, type Quantiles } from '../data/describe.ts';
import type { ReadReport } from '../data/interactions.ts';
import { readInteractions } from '../data/read.ts';
import type { Source } from '../data/source/source-name.ts';
import { openModel, recoverModel } from '../model/model-directory.ts';
import type { ModelConfig } from '../model/model-facts.ts';
import { type CheckedFile, checkModel, refuseDamagedModel } from './check-model.ts';
import { addCommonOptions, addExamples, type CommonOptions } from './common-options.ts';
import { addReadOptions, type ReadFlags, readOptionsOf } from './data-options.ts';
import { UsageError } from './failure.ts';
import { count, table } from './output.ts';
import { sourceOf } from './source-argument.ts';
import type { Terminal } from './terminal.ts';
import { neighborsText, ratingNote } from './train-report.ts';

/** Flags of `taurec info`. Those for reading have no effect on a model folder. */
type InfoFlags = CommonOptions & ReadFlags & { check?: boolean };

export function define(command: Command, terminal: Terminal): void {
  command.argument(
    '<files...>',
    'files, folder, URL or database table of interactions, or model folder; - reads standard input',
  );
  command.option('--check', 'check every file of a model against its SHA-256');
  addReadOptions(command);
  addCommonOptions(command, 'json', 'quiet');
  addExamples(
    command,
    'taurec info ratings.csv',
    'taurec info models/ratings --json',
    'taurec info models/ratings --check',
  );
  command.action((paths: string[], flags: InfoFlags) => run(terminal, sourceOf(paths)!, flags));
}

async function run(terminal: Terminal, source: Source, flags: InfoFlags): Promise<void> {
  const path = typeof source === 'string' && (await isModelFolder(source)) ? source : undefined;
  if (path !== undefined) {
    if (flags.check) return check(terminal, path, flags);
    const { config, itemBias } = await openModel(path);
    if (flags.json) terminal.printJson(config);
    else terminal.print(modelText(config, itemBias));
    return;
  }
  if (flags.check) throw new UsageError(`--check needs a model folder; ${[source].flat().join(', ')} is none.`);
  const log = await readInteractions(source, readOptionsOf(flags));
  if (!flags.quiet) for (const note of readingNotes(log.source, log.report)) terminal.note(note);
  const ratings = flags.sumRatings ? undefined : ratingNote([log.report], log.users.length, flags.minRating);
  if (ratings !== undefined && !flags.quiet) terminal.note(ratings);
  const info = describe(log);
  const { columns, firstRows } = log.report;
  if (flags.json) terminal.printJson({ ...info, columns });
  else terminal.print([...firstRowsText(columns, firstRows), dataText(info)].join('\n\n'));
}

/** The first rows under the roles of their columns; empty where the reader reports none. */
function firstRowsText(columns: ColumnsRead | undefined, rows: ReadReport['firstRows']): string[] {
  if (!columns || !rows) return [];
  const taken = roles.flatMap((role) => (columns[role] ? [{ role, ...columns[role] }] : []));
  const head = taken.map(({ role, name, position }) => `${role}: ${name ?? 'column'} (${position})`);
  return [
    table(
      head,
      rows.map((row) => taken.map(({ role }) => shortened(row[role] ?? ''))),
    ),
  ];
}

/** A cell of at most 40 characters. */
function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

/** True for a folder that is a model, whole or damaged, rather than a folder of data: it has the file that names its format, or no file but folders. Where nothing is, a killed save may have left one under a temporary name. */
async function isModelFolder(path: string): Promise<boolean> {
  // A database place is never a path.
  if (databasePlace(path)) return false;
  if (!existsSync(path)) await recoverModel(path);
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return false;
  const names = readdirSync(path);
  return names.length === 0 || names.some((name) => /^(config\.json|versions\.json|.*\.safetensors)$/.test(name));
}

/** Prints the state of every file of a model. @throws TaurecError `damaged-model` if one cannot be used */
async function check(terminal: Terminal, path: string, flags: InfoFlags): Promise<void> {
  const found = await checkModel(path);
  if (flags.json) terminal.printJson(found);
  else {
    const rows = found.files.map(({ name, bytes, state, problem = '' }) => [
      name,
      bytes === undefined ? '' : count(bytes),
      stateTexts[state],
      problem,
    ]);
    terminal.print(table(['file', 'bytes', 'state', ''], rows).trimStart());
  }
  refuseDamagedModel(found);
  if (flags.quiet || flags.json) return;
  const without = `${path} carries no digests: an earlier version wrote it. Its format and sizes are right; damage to numbers would not show. Any save adds digests.`;
  terminal.note(found.digests ? 'The model is whole.' : without);
}

const stateTexts: Record<CheckedFile['state'], string> = {
  whole: 'whole',
  'no-digest': 'no digest',
  damaged: 'damaged',
  missing: 'missing',
};

/** The facts of a log: sizes, ratings and times, then the quantiles of interactions per user and per item. */
function dataText(info: DataInfo): string {
  const rows: [string, string][] = [
    ['users', count(info.users)],
    ['items', count(info.items)],
    ['interactions', count(info.interactions)],
    ['density', `${(info.density * 100).toPrecision(3)}%`],
    ['popularity Gini', info.popularityGini.toFixed(3)],
    ['rows', count(info.rows)],
    ['duplicates', count(info.duplicates)],
    ...(info.skipped > 0 ? [['bad rows skipped', count(info.skipped)] as [string, string]] : []),
    ...(info.cancelled ? [['pairs with too low a sum', count(info.cancelled)] as [string, string]] : []),
    ...(info.belowMinRating > 0 ? [['below the minimum rating', count(info.belowMinRating)] as [string, string]] : []),
  ];
  if (info.ratings) {
    const { min, mean, max } = info.ratings;
    rows.push(['ratings', `${min} to ${max}, mean ${mean.toFixed(2)}`]);
  }
  if (info.times) rows.push(['times', `${moment(info.times.from)} to ${moment(info.times.to)}`]);
  const names = ['min', 'p25', 'median', 'mean', 'p75', 'p90', 'p99', 'max'] as const;
  const degrees = (label: string, quantiles: Quantiles) => [label, ...names.map((name) => short(quantiles[name]))];
  return [
    table(['', ''], rows).trimStart(),
    '',
    table(['interactions of', ...names], [degrees('a user', info.userDegrees), degrees('an item', info.itemDegrees)]),
    '',
    `SHA-256 ${info.sha256}`,
  ].join('\n');
}

/** The facts of a model from its config.json, with the recall and NDCG that it records. */
function modelText(config: ModelConfig, itemBias?: Float32Array): string {
  const { loss } = config;
  const rows: [string, string][] = [
    ['users', count(config.users)],
    ['items', count(config.items)],
    ['seen interactions', count(config.interactions)],
    ['dimension', `${config.dimension}${config.precision === 'f16' ? ', of 16-bit floats' : ''}`],
    ['backbone', backboneText(config)],
    ['score', config.score],
    ['loss', `${'name' in loss ? loss.name : loss.module} ${JSON.stringify(loss.options ?? {})}`],
    ...(itemBias
      ? [['popularity prior', config.imported ? 'imported' : `${config.training.popularityPrior}`] as [string, string]]
      : []),
    ...(config.neighbors ? [['neighbours', neighborsText(config.neighbors)] as [string, string]] : []),
    ...(config.imported
      ? [
          ['imported from', `${config.imported.users}, ${config.imported.items}; the loss is for fold-in`] as [
            string,
            string,
          ],
        ]
      : []),
    ...(config.catalogue ? [['catalogue', catalogueText(config.catalogue)] as [string, string]] : []),
    ['epochs', `${count(config.epochs)} (${count(config.steps)} steps)`],
    ['seed', `${config.seed}`],
    ['engine', `${config.engine.name}, ${config.engine.build}, ${config.engine.threads} threads`],
    [
      'versions',
      Object.entries(config.versions ?? {})
        .map(([name, version]) => `${name} ${version}`)
        .join(', '),
    ],
    ['data', config.data.source],
    ['SHA-256 of the data', config.data.sha256],
  ];
  for (const [part, { protocol, values }] of Object.entries(config.metrics)) {
    const shown = Object.entries(values).filter(([name]) => /^(recall|ndcg)@/.test(name));
    rows.push([`${part} (${protocol})`, shown.map(([name, value]) => `${name} ${value.toFixed(4)}`).join(', ')]);
  }
  return table(['', ''], rows).trimStart();
}

/** The attributes of the items, and where they came from. */
function catalogueText({ source, attributes }: NonNullable<ModelConfig['catalogue']>): string {
  return `${attributesText(attributes)}; from ${source}`;
}

/** The name of the backbone, with its options as JSON where it has any. */
function backboneText({ backbone, training }: ModelConfig): string {
  const source = training?.backbone as { options?: Record<string, unknown> } | undefined;
  const options = Object.keys(source?.options ?? {}).length > 0 ? ` ${JSON.stringify(source!.options)}` : '';
  return `${backbone}${options}`;
}

/** A count in full; a mean or an interpolated quantile with one decimal. */
function short(x: number): string {
  return Number.isInteger(x) ? count(x) : x.toFixed(1);
}

/** A time as a date where the number is likely to be seconds since 1970 (10⁸ to 10¹⁰, years 1973 to 2286); else the number. */
function moment(time: number): string {
  const likely = time > 1e8 && time < 1e10;
  return likely ? new Date(time * 1000).toISOString().slice(0, 16).replace('T', ' ') : String(time);
}
