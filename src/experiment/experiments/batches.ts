import { type Section, slug } from '../../report/report.ts';
import type { TrainConfigInput } from '../../training/config.ts';
import type { Experiment, Findings, Lab } from '../experiment.ts';
import { cellOf, claimOf, moreThan, notLessThan, type Observation, seedsText } from '../findings.ts';
import { mergeConfigs, type RunRecord, type RunSpec } from '../run.ts';
import { baseSpec, type ExperimentSettings } from '../settings.ts';
import { meanCell } from '../statistics.ts';

/** Pair rows, the batches of the published programs: each row is one positive with its own negatives. */
const pairs: TrainConfigInput = { batch: { kind: 'pair', rows: 1024, negatives: 256, pool: 'uniform' } };
/** Epochs of the comparison at equal epochs; few, so that pair rows finish within minutes. */
const epochs = 20;

/** One way to form batches, with one run per seed. */
interface Arm {
  readonly name: string;
  readonly records: readonly RunRecord[];
}

/** Compares user rows with pair rows, and pool sizes of user rows. Its axis is the pool size. */
export const batches: Experiment = {
  name: 'batches',
  title: 'User rows and pair rows',
  summary:
    'A user row holds all positives of a user and shares a pool of negatives with the batch. A pair row is one interaction with its own negatives, as in the published programs. The two are compared at equal epochs, where pair rows compute more scores, and at equal time; user rows also with pools of several sizes. The trainings run one after another, each with the whole machine.',
  source: 'This project; pair rows as in the programs of BSL, PSL and SL@K',
  defaults: {
    data: ['amazon2014-health', 'movielens-100k'],
    losses: [{ name: 'sl', tau: 0.2 }],
    levels: [64, 256, 1024],
    // Patience beyond the number of validations: nothing stops early, so that times are comparable.
    config: { validation: { every: 5, patience: 100 } },
  },
  async run(lab: Lab, settings: ExperimentSettings): Promise<Findings> {
    const claims: Record<'equalEpochs' | 'equalTime', Observation[]> = { equalEpochs: [], equalTime: [] };
    const sections: Section[] = [];
    for (const data of settings.data) {
      const base = baseSpec(settings, data, 'validation');
      for (const loss of settings.losses) {
        const spec = (name: string, over: TrainConfigInput) =>
          lab.runAlone(
            `${data.name}, ${name}`,
            settings.seeds.map(
              (seed): RunSpec => ({
                ...base,
                seed,
                config: mergeConfigs(base.config, loss.config, { loss: loss.source }, over),
              }),
            ),
          );
        const arm = async (name: string, over: TrainConfigInput): Promise<Arm> => ({
          name,
          records: await spec(name, over),
        });
        const users = await arm('user rows', { epochs });
        const same = await arm('pair rows, equal epochs', { ...pairs, epochs });
        // The time of the slowest seed, rounded up to a tenth of a second, so that pair rows never get less time than user rows.
        const seconds = Math.max(...users.records.map(secondsOf));
        const timeBudget = Math.max(0.1, Math.ceil(seconds * 10) / 10);
        const timed = await arm('pair rows, equal time', { ...pairs, epochs, timeBudget });
        const pools: Arm[] = [];
        for (const negatives of settings.levels)
          pools.push(await arm(`user rows, ${negatives} negatives`, { epochs, batch: { negatives } }));
        const where = `${data.name}, ${loss.label}`;
        claims.equalEpochs.push(
          notLessThan(where, ['user rows', users.records], ['pair rows', same.records], settings),
        );
        claims.equalTime.push(inEqualTime(where, users, timed, timeBudget, settings));
        sections.push(section(where, [users, same, timed, ...pools], settings));
      }
    }
    return {
      claims: [
        claimOf(
          'At equal epochs user rows are at least as accurate as pair rows, to within 1%, although pair rows compute more scores.',
          claims.equalEpochs,
        ),
        claimOf('Given the time that user rows take, pair rows are less accurate.', claims.equalTime),
      ],
      sections,
    };
  },
};

/** Seconds that a time budget covers: training and validation. */
function secondsOf({ seconds }: RunRecord): number {
  return seconds.train + seconds.validate;
}

/** Whether user rows are more accurate in equal time; `unclear` if pair rows finished their epochs in less than 90% of it. */
function inEqualTime(
  where: string,
  users: Arm,
  timed: Arm,
  timeBudget: number,
  settings: ExperimentSettings,
): Observation {
  const used = Math.min(...timed.records.map(secondsOf));
  const found = moreThan(where, ['user rows', users.records], ['pair rows', timed.records], settings);
  if (used >= 0.9 * timeBudget) return found;
  const early = `; pair rows finished after ${used.toFixed(1)} of ${timeBudget.toFixed(1)} s`;
  return { verdict: 'unclear', text: found.text + early };
}

/** Accuracy against training seconds, and all numbers, for one data set and loss. */
function section(title: string, arms: readonly Arm[], settings: ExperimentSettings): Section {
  const { metric, metrics, protocol, seeds } = settings;
  const seconds = ({ records }: Arm) => meanCell(records.map((record) => record.seconds.train));
  return {
    title,
    figures: [
      {
        name: slug(`batches ${title}`),
        caption: `Test ${metric} (${protocol}) against seconds of training, mean over ${seeds.length} seeds.`,
        kind: 'lines',
        x: { label: 'seconds of training', scale: 'log' },
        y: { label: metric },
        panels: [
          {
            title: '',
            series: arms.map((arm) => {
              const { mean: y, deviation } = cellOf(arm.records, settings);
              return { name: arm.name, points: [{ x: seconds(arm).mean, y, deviation }] };
            }),
          },
        ],
      },
    ],
    tables: [
      {
        name: slug(`batches ${title}`),
        caption: `Test metrics (${protocol}), ${seedsText(seeds)}; at most ${epochs} epochs.`,
        columns: [
          { name: 'batches', show: 'text' },
          ...metrics.map((name) => ({ name })),
          { name: 'chosen epoch', show: 'count' },
          { name: 'seconds', show: 'seconds' },
        ],
        rows: arms.map((arm) => [
          arm.name,
          ...metrics.map((name) => cellOf(arm.records, settings, name)),
          meanCell(arm.records.map(({ chosen }) => chosen.epoch)).mean,
          seconds(arm),
        ]),
      },
    ],
  };
}
