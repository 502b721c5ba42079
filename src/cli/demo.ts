import type { Command } from 'commander';
import { csrDegree, csrHas, csrRow } from '../array/csr.ts';
import { randomStream, shuffle } from '../array/random.ts';
import type { Dataset } from '../data/dataset.ts';
import { popularRanker } from '../evaluation/baselines.ts';
import { type Evaluation, evaluate } from '../evaluation/evaluator.ts';
import { embeddingRanker } from '../evaluation/ranker.ts';
import type { Model } from '../model/model.ts';
import { checkModelTarget, saveModel } from '../model/model-directory.ts';
import { openRankingEngine } from '../recommender/ranking-engine.ts';
import { Recommender } from '../recommender/recommender.ts';
import { trainEmbeddings } from '../training/train-embeddings.ts';
import { trainedModel } from '../training/trained-model.ts';
import { commandLine } from './command-line.ts';
import { addCommonOptions, addExamples, type CommonOptions } from './common-options.ts';
import { demoData } from './demo-data.ts';
import { engineOptions } from './engine-options.ts';
import { interruptible } from './interrupt.ts';
import { count, duration, note, print, printJson, table, timed } from './output.ts';
import { whole } from './parse.ts';
import { TrainProgress } from './train-progress.ts';

interface DemoFlags extends CommonOptions {
  data?: string;
  out?: string;
  people: number;
}

/** Items listed beside each other for a person. */
const SHOWN = 5;

export function define(command: Command): void {
  command
    .option('--data <path>', 'a folder with train.* and test.* files, or one file (default: MovieLens 100K)')
    .option('--people <number>', 'how many people to recommend to', whole(0), 3)
    .option('-o, --out <folder>', 'keep the model there');
  addCommonOptions(command, 'seed', 'threads', 'engine', 'json', 'quiet');
  addExamples(command, 'taurec demo', 'taurec demo --out models/demo --seed 2');
  command.action((flags: DemoFlags) => run(flags));
}

async function run(flags: DemoFlags): Promise<void> {
  const { seed = 1 } = flags;
  const engineChoice = engineOptions(flags);
  const say = flags.quiet ? () => {} : note;
  if (flags.out !== undefined) await checkModelTarget(flags.out);
  const { name, dataset } = await demoData(flags.data, seed, say);
  const progress = flags.quiet ? undefined : new TrainProgress(process.stderr);
  const onProgress = progress?.handle.bind(progress);
  const config = { loss: 'bsl', seed, refit: true, ...engineChoice };
  const [result, seconds] = await timed(() =>
    interruptible((signal) => trainEmbeddings(dataset, config, { signal, onProgress })),
  ).finally(() => progress?.close());
  const model = trainedModel(dataset, result);
  const engine = await openRankingEngine(model, engineChoice);
  try {
    const measured = measure(dataset, model, embeddingRanker(engine, model.itemBias));
    const people = choosePeople(dataset, flags.people, seed);
    const shown = people.map((user) => personOf(dataset, Recommender.fromModel(model, engine), user));
    if (flags.out !== undefined) await saveModel(flags.out, model);
    if (flags.json) {
      const metrics = Object.fromEntries(Object.entries(measured).map(([ranker, { metrics }]) => [ranker, metrics]));
      printJson({
        data: dataset.source,
        epochs: result.epoch,
        seconds,
        metrics,
        people: shown,
        ...(flags.out && { model: flags.out }),
      });
      return;
    }
    const { rows: users, columns: items, indices } = dataset.train;
    print(
      `\n${name}: ${count(users)} people, ${count(items)} items, ${count(indices.length)} interactions. BSL, ${result.epoch} epochs, ${duration(seconds)}.\n`,
    );
    print(comparisonTable(measured));
    for (const person of shown) print(`\n${personTable(person)}`);
    if (shown.length > 0) print('\n✓ = held out: this person likes it, and the model was not told');
    print(`\nYour own data:  ${commandLine('train', 'interactions.csv')}`);
    if (flags.out !== undefined)
      print(`This model:     ${commandLine('recommend', flags.out, '--user', dataset.users.idOf(0))}`);
  } finally {
    await engine.close();
  }
}

/** The model and the most popular items on the test part. After the refit the model has learned from validation too, so both are masked. */
function measure(
  dataset: Dataset,
  { seen }: Model,
  ranker: ReturnType<typeof embeddingRanker>,
): Record<'bsl' | 'popular', Evaluation> {
  const options = { train: seen, test: dataset.test!, protocol: 'clean' } as const;
  return { bsl: evaluate(ranker, options), popular: evaluate(popularRanker(seen), options) };
}

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

/** Someone, what they liked, and what they get. */
interface Person {
  readonly user: string;
  readonly liked: readonly string[];
  readonly recommended: readonly { readonly id: string; readonly label: string; readonly liked: boolean }[];
}

/** People with enough likes to see a taste, and something to find in test. */
function choosePeople({ train, test }: Dataset, people: number, seed: number): number[] {
  const fit: number[] = [];
  for (let u = 0; u < train.rows; u++) {
    const likes = csrDegree(train, u);
    if (likes >= 2 * SHOWN && likes <= 100 && csrDegree(test!, u) >= 3) fit.push(u);
  }
  return [...shuffle(Int32Array.from(fit), randomStream(seed, 'demo-people')).subarray(0, people)];
}

function personOf({ users, items, titles, train, test }: Dataset, recommender: Recommender, index: number): Person {
  const user = users.idOf(index);
  const label = (item: number) => titles?.[item] || `item ${items.idOf(item)}`;
  // What speaks most for a taste: the likes that fit the person best.
  const ids = Array.from(csrRow(train, index), (item) => items.idOf(item));
  const scores = recommender.score(user, ids);
  const order = ids.map((_, at) => at).sort((a, b) => scores[b]! - scores[a]!);
  return {
    user,
    liked: order.slice(0, SHOWN).map((at) => label(csrRow(train, index)[at]!)),
    recommended: recommender.recommend(user, { k: SHOWN }).map(({ id }) => {
      const item = items.indexOf(id);
      return { id, label: label(item), liked: csrHas(test!, index, item) };
    }),
  };
}

function personTable({ user, liked, recommended }: Person): string {
  const rows = Array.from({ length: Math.max(liked.length, recommended.length) }, (_, at) => {
    const item = recommended[at];
    return [liked[at] ?? '', item ? `${item.label}${item.liked ? ' ✓' : ''}` : ''];
  });
  return table([`User ${user} liked`, 'and gets'], rows);
}
