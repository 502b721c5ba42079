// `taurec demo`: obtains MovieLens 100K, trains BSL on it, compares it with the most popular items on held-out data and shows lists of a few users.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Command } from 'commander';
import { stringify } from 'csv-stringify/sync';
import { unzipSync } from 'fflate';
import { csrDegree, csrHas, csrRow } from '../array/csr.ts';
import { randomStream, shuffle } from '../array/random.ts';
import { datasetNotes } from '../catalogue/reading-notes.ts';
import { type Dataset, loadDataset } from '../data/dataset.ts';
import { syntheticDataset } from '../data/synthetic.ts';
import { TaurecError } from '../errors.ts';
import { popularRanker } from '../evaluation/baselines.ts';
import { type Evaluation, evaluateSync } from '../evaluation/evaluator.ts';
import type { UserRanker } from '../evaluation/rankers.ts';
import type { Model } from '../model/model.ts';
import { checkModelTarget, saveModel } from '../model/model-directory.ts';
import { modelRanker } from '../recommender/model-ranker.ts';
import { openRankingEngine } from '../recommender/ranking-engine.ts';
import { Recommender } from '../recommender/recommender.ts';
import { type MovieLensFiles, movieLensFiles, movieLensFolder } from '../studio/server/movielens-sample.ts';
import { trainEmbeddings } from '../training/train-embeddings.ts';
import { trainedModel } from '../training/trained-model.ts';
import { addCommonOptions, addExamples, type CommonOptions, engineOptions } from './common-options.ts';
import { count, duration, table, timed } from './output.ts';
import { whole } from './parse.ts';
import type { Terminal } from './terminal.ts';
import { TrainProgress } from './train-progress.ts';
import { columnsOf } from './train-report.ts';

/** Flags of `taurec demo`. `people`: number of users shown. */
interface DemoFlags extends CommonOptions {
  data?: string;
  out?: string;
  people: number;
}

/** Items in each list that is shown. */
const SHOWN = 5;
/** Reasons of each recommended item. */
const REASONS = 2;

export function define(command: Command, terminal: Terminal): void {
  command
    .option('--data <path>', 'folder with train.* and test.* files, or one file (default: MovieLens 100K)')
    .option('--people <number>', 'number of users to show recommendations for', whole(0), 3)
    .option('-o, --out <folder>', 'save the model in this folder');
  addCommonOptions(command, 'seed', 'threads', 'engine', 'json', 'quiet');
  addExamples(command, 'taurec demo', 'taurec demo --out models/demo --seed 2');
  command.action((flags: DemoFlags) => run(terminal, flags));
}

async function run(terminal: Terminal, flags: DemoFlags): Promise<void> {
  const { seed = 1 } = flags;
  const engineChoice = engineOptions(flags);
  const say = terminal.notes(flags.quiet);
  if (flags.out !== undefined) await checkModelTarget(flags.out);
  const { name, dataset } = await demoData(terminal, flags.data, seed, say);
  const progress = flags.quiet ? undefined : new TrainProgress(terminal.stderr);
  const onProgress = progress?.handle.bind(progress);
  // The validation part chooses the number of steps; the refit then trains on it too.
  const config = { seed, refit: true, ...engineChoice };
  const [result, seconds] = await timed(() =>
    terminal.interruptible((signal) => trainEmbeddings(dataset, config, { signal, onProgress })),
  ).finally(() => progress?.close());
  const model = trainedModel(dataset, result);
  const engine = await openRankingEngine(model, engineChoice);
  try {
    const measured = measure(dataset, model, modelRanker(model, engine));
    const people = choosePeople(dataset, flags.people, seed);
    const shown = people.map((user) => personOf(dataset, Recommender.fromModel(model, engine), user));
    if (flags.out !== undefined) await saveModel(flags.out, model);
    if (flags.json) {
      const metrics = Object.fromEntries(Object.entries(measured).map(([ranker, { metrics }]) => [ranker, metrics]));
      terminal.printJson({
        data: dataset.source,
        ...columnsOf(dataset),
        epochs: result.epoch,
        seconds,
        metrics,
        people: shown,
        ...(flags.out && { model: flags.out }),
      });
      return;
    }
    const { rows: users, columns: items, indices } = dataset.train;
    terminal.print(
      `\n${name}: ${count(users)} users, ${count(items)} items, ${count(indices.length)} interactions. BSL, ${result.epoch} epochs, ${duration(seconds)}.\n`,
    );
    terminal.print(comparisonTable(measured));
    for (const person of shown) terminal.print(`\n${personTable(person)}`);
    if (shown.length > 0) terminal.print('\n✓ = held out: this user likes the item, and the model has not seen it');
    terminal.print(`\nYour own data:  ${terminal.commandLine('train', 'interactions.csv')}`);
    if (flags.out !== undefined)
      terminal.print(
        `This model:     ${terminal.commandLine('recommend', flags.out, '--user', dataset.users.idOf(0))}`,
      );
  } finally {
    await engine.close();
  }
}

/** Evaluates the model and the most popular items on the test part. `seen` masks training and validation items, because the refit has trained on both. */
function measure(dataset: Dataset, { seen }: Model, ranker: UserRanker): Record<'bsl' | 'popular', Evaluation> {
  const options = { train: seen, test: dataset.test!, protocol: 'clean' } as const;
  return { bsl: evaluateSync(ranker, options), popular: evaluateSync(popularRanker(seen), options) };
}

/** Recall and NDCG of both rankers, with their ratio. */
function comparisonTable({ bsl, popular }: Record<'bsl' | 'popular', Evaluation>): string {
  const row = (label: string, metric: string) => {
    const [ours, theirs] = [bsl.metrics[metric]!, popular.metrics[metric]!];
    return [label, ours.toFixed(4), theirs.toFixed(4), `${(ours / theirs).toFixed(2)} ×`];
  };
  return table(
    ['on held-out data', 'BSL', 'most popular', ''],
    [row('Recall@20', 'recall@20'), row('NDCG@20', 'ndcg@20')],
  );
}

/** A recommended item. `because`: titles of the liked items with the largest parts in its score. */
interface Recommended {
  readonly id: string;
  readonly label: string;
  readonly liked: boolean;
  readonly because: readonly string[];
}

/** A user with some of their likes and their recommendations. */
interface Person {
  readonly user: string;
  /** Titles. */
  readonly liked: readonly string[];
  /** `liked`: the item is in the user's test part. */
  readonly recommended: readonly Recommended[];
}

/** Draws users by the seed from those with 10 to 100 likes, enough to show a taste, and at least three test items. */
function choosePeople({ train, test }: Dataset, people: number, seed: number): number[] {
  const fit: number[] = [];
  for (let u = 0; u < train.rows; u++) {
    const likes = csrDegree(train, u);
    if (likes >= 2 * SHOWN && likes <= 100 && csrDegree(test!, u) >= 3) fit.push(u);
  }
  return [...shuffle(Int32Array.from(fit), randomStream(seed, 'demo-people')).subarray(0, people)];
}

/** The likes and recommendations of one user, with titles. */
function personOf({ users, items, titles, train, test }: Dataset, recommender: Recommender, index: number): Person {
  const user = users.idOf(index);
  const label = (item: number) => titles?.[item] || `item ${items.idOf(item)}`;
  // Shows the likes with the highest scores: the taste that the model has learned.
  const ids = Array.from(csrRow(train, index), (item) => items.idOf(item));
  const scores = recommender.score(user, ids);
  const order = ids.map((_, at) => at).sort((a, b) => scores[b]! - scores[a]!);
  return {
    user,
    liked: order.slice(0, SHOWN).map((at) => label(csrRow(train, index)[at]!)),
    recommended: recommender.recommend(user, { k: SHOWN, explain: REASONS }).map(({ id, because }): Recommended => {
      const item = items.indexOf(id);
      const reasons = because!.items.filter(({ part }) => part > 0).map((reason) => label(items.indexOf(reason.id)));
      return { id, label: label(item), liked: csrHas(test!, index, item), because: reasons };
    }),
  };
}

/** Likes and recommendations next to each other. */
function personTable({ user, liked, recommended }: Person): string {
  const rows = Array.from({ length: Math.max(liked.length, recommended.length) }, (_, at) => {
    const item = recommended[at];
    return [liked[at] ?? '', item ? `${item.label}${item.liked ? ' ✓' : ''}` : '', item?.because.join(', ') ?? ''];
  });
  return table([`User ${user} liked`, 'recommended', 'because you liked'], rows);
}

/** The data of the demo, with a name to print. */
interface DemoData {
  readonly name: string;
  readonly dataset: Dataset;
}

/**
 * The data of the demo. The first available source is used: the given folder or file, `$TAUREC_DATA/movielens-100k`, MovieLens 100K from the cache, the same
 * from GroupLens, a synthetic catalogue (without a network). About a tenth of the training part is held out for validation.
 */
async function demoData(
  terminal: Terminal,
  given: string | undefined,
  seed: number,
  say: (text: string) => void,
): Promise<DemoData> {
  if (given !== undefined) {
    const dataset = await readGiven(given, seed);
    for (const note of datasetNotes(dataset)) say(note);
    return { name: basename(given), dataset };
  }
  const shared = terminal.env.TAUREC_DATA && join(terminal.env.TAUREC_DATA, 'movielens-100k');
  if (shared && existsSync(shared)) {
    say(`Using ${shared} (films without titles).`);
    return { name: 'MovieLens 100K', dataset: await readGiven(shared, seed) };
  }
  const { folder, file, sha256 } = movielens;
  const url = `${terminal.env.TAUREC_MOVIELENS ?? folder}/${file}`;
  try {
    const files = await fetchMovieLens({ cache: movieLensFolder(terminal.env), url, sha256 });
    const [train, minRating] = [files.ratings, 4];
    // u.data has no header: user, item, rating, seconds since 1970.
    const columns = { user: 1, item: 2, rating: 3, time: 4, header: false };
    const options = {
      train,
      minRating,
      ...columns,
      titles: files.titles,
      split: 'random',
      validRatio: 0.1,
      seed,
    } as const;
    return { name: 'MovieLens 100K (ratings of 4 and 5)', dataset: await loadDataset(options) };
  } catch (error) {
    // A TaurecError comes from reading the files and is a real fault; a plain Error comes from the download.
    if (error instanceof TaurecError) throw error;
    say(`Cannot get MovieLens (${(error as Error).message}).`);
    say('Using a synthetic catalogue instead; the first word of a title names its genre.');
    return { name: 'a synthetic catalogue', dataset: madeUp(seed) };
  }
}

/** Reads a folder with train.* and test.* (and valid.*, titles.* where present), or one file. Without a test file a fifth is held out for testing. */
async function readGiven(path: string, seed: number): Promise<Dataset> {
  if (!existsSync(path)) throw new TaurecError('file-not-found', { file: path });
  if (!statSync(path).isDirectory()) return loadDataset({ train: path, split: 'random', validRatio: 0.1, seed });
  const find = (part: string) => {
    const name = readdirSync(path).find((file) => file.startsWith(`${part}.`));
    return name && join(path, name);
  };
  const [train, valid, test, titles] = ['train', 'valid', 'test', 'titles'].map(find);
  if (!train) throw new TaurecError('file-not-found', { file: join(path, 'train.csv') });
  const held = test ? { test } : { split: 'random' as const };
  return loadDataset({ train, ...held, ...(valid ? { valid } : { validRatio: 0.1 }), titles, seed });
}

/** The synthetic catalogue for machines without a network. */
function madeUp(seed: number): Dataset {
  return syntheticDataset({ users: 2000, items: 1200, interactions: 90_000, validRatio: 0.08, seed });
}

/** MovieLens 100K by GroupLens: 100,000 ratings of 1,682 films by 943 users. The file has not changed since 1998, so its SHA-256 is pinned. */
export const movielens = {
  folder: 'https://files.grouplens.org/datasets/movielens',
  file: 'ml-100k.zip',
  sha256: '50d2a982c66986937beb9ffb3aa76efe955bf3d5c6b761f4e3a7cd717c6a3229',
};

interface FetchOptions {
  /** Folder for the unpacked files. Later calls read them from there, without a network. */
  readonly cache: string;
  readonly url: string;
  readonly sha256: string;
  /** Time limit of the download. Default 60,000. */
  readonly timeoutMilliseconds?: number;
}

/** Returns MovieLens from the cache, after downloading it there if it is absent. Throws a plain `Error` with the reason: no network, another checksum, a missing file. */
export async function fetchMovieLens(options: FetchOptions): Promise<MovieLensFiles> {
  const { cache, url, sha256, timeoutMilliseconds = 60_000 } = options;
  const files = movieLensFiles(cache);
  if (existsSync(files.ratings) && existsSync(files.titles)) return files;
  const bytes = await download(url, timeoutMilliseconds);
  const got = createHash('sha256').update(bytes).digest('hex');
  if (got !== sha256) throw new Error(`${url} has SHA-256 ${got}, expected ${sha256}`);
  const unpacked = unzipSync(bytes, { filter: ({ name }) => /(^|\/)u\.(data|item)$/.test(name) });
  const [ratings, items] = ['u.data', 'u.item'].map((name) => {
    const found = Object.keys(unpacked).find((path) => path.endsWith(name));
    if (!found) throw new Error(`${url} has no ${name}`);
    return unpacked[found]!;
  });
  // The folder is renamed when both files are complete, so that an interrupted download leaves no half-filled cache.
  const temporary = `${cache}.${process.pid}.tmp`;
  await mkdir(temporary, { recursive: true });
  try {
    await writeFile(join(temporary, 'ratings.tsv'), ratings!);
    await writeFile(join(temporary, 'titles.csv'), titlesOf(items!));
    await mkdir(dirname(cache), { recursive: true });
    await rm(cache, { recursive: true, force: true });
    await rename(temporary, cache);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return files;
}

/** The bytes of a URL. Throws a plain `Error` that names the URL and the reason. */
async function download(url: string, timeout: number): Promise<Uint8Array> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeout) });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    // fetch itself only reports "fetch failed"; its cause names the reason.
    const { message, cause: inner } = cause as Error;
    throw new Error(`${url}: ${inner instanceof Error ? inner.message : message}`, { cause });
  }
}

/** Converts `u.item` to `item,title`. It is Latin-1 text with lines `id|title|…`; the title includes the year. */
function titlesOf(items: Uint8Array): string {
  const rows = new TextDecoder('latin1')
    .decode(items)
    .split(/\r?\n/)
    .filter((line) => line !== '')
    .map((line) => line.split('|').slice(0, 2));
  return stringify([['item', 'title'], ...rows]);
}
