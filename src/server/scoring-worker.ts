import { parentPort, workerData } from 'node:worker_threads';
import { carryError } from '../platform/carried-error.ts';
import type { OpenOptions } from '../recommender/recommender.ts';
import { Recommender } from '../recommender/recommender.ts';
import { scoreBatch } from './score-batch.ts';
import type { FromScoring, ModelInfo, ScoringTask, ToScoring } from './scoring-protocol.ts';

/** The thread that scores: it opens a model and answers batches of jobs until it is told to close. It may block; the thread that speaks HTTP may not. */
const { directory, options } = workerData as ScoringTask;
const post = (message: FromScoring) => parentPort!.postMessage(message);

try {
  const recommender = await Recommender.open(directory, options as OpenOptions);
  parentPort!.on('message', async (message: ToScoring) => {
    if (message.type === 'close') {
      await recommender.close();
      parentPort!.close();
      return;
    }
    const started = performance.now();
    const answers = scoreBatch(recommender, message.jobs);
    post({ type: 'answers', answers, seconds: (performance.now() - started) / 1000 });
  });
  post({ type: 'ready', info: infoOf(recommender) });
} catch (error) {
  post({ type: 'failed', error: carryError(error) });
}

function infoOf({ config, hasTitles }: Recommender): ModelInfo {
  const { users, items, interactions, dimension, backbone, score, loss, seed, epochs, metrics, versions } =
    config as typeof config & Record<'users' | 'items' | 'interactions' | 'dimension', number>;
  const sizes = { users, items, interactions, dimension, titles: hasTitles };
  return { ...sizes, backbone, score, loss, seed, epochs, metrics, versions };
}
