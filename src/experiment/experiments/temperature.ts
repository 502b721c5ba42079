import { mean } from '../analysis/statistics.ts';
import { chooseOptions } from '../choose-options.ts';
import type { Experiment, Findings, Lab } from '../experiment.ts';
import { bestByValidation, validated, validations } from '../findings/best-by-validation.ts';
import { metricText } from '../findings/summaries.ts';
import { claimOf, everyOne, type Observation, signOf } from '../findings/verdicts.ts';
import { baseSpec } from '../settings/base-spec.ts';
import type { ExperimentSettings } from '../settings/settings.ts';
import { withOptions } from '../settings/with-options.ts';
import {
  analysed,
  bestRadius,
  firstOfLoss,
  overview,
  type Quantity,
  section,
  type Tempered,
  tauOfRadius,
  titleOf,
} from './temperature-report.ts';

export const temperature: Experiment = {
  name: 'temperature',
  title: 'What the temperature does',
  summary:
    'The softmax loss is robust optimisation over distributions of the negatives: the worst-case weights are p ∝ exp(s/τ), and KL(p‖uniform) is the robust radius η that τ buys. To second order τ = sqrt(Var/(2η)). For every τ: accuracy, the variance of a user’s scores of negatives, the radius, the worst-case weights themselves, and the τ that the second order predicts from variance and radius.',
  source: 'Wu et al., ICDE 2024 (BSL), insights 1 and 2',
  defaults: {
    data: ['movielens-100k', 'amazon2014-health', 'amazon2014-electronic'],
    losses: ['sl'],
    levels: [0.05, 0.07, 0.1, 0.14, 0.2, 0.28, 0.4, 0.56, 0.8],
  },
  async run(lab: Lab, settings: ExperimentSettings): Promise<Findings> {
    const { data, losses, levels, seeds } = settings;
    const wanted = data.flatMap((source) =>
      losses.flatMap((loss) =>
        levels.map((tau) => ({
          tau,
          loss: withOptions(loss, { tau }),
          spec: { ...baseSpec(settings, source, 'validation'), analyse: true },
        })),
      ),
    );
    const runs = await chooseOptions(lab, 'Temperature', wanted, seeds);
    const cases: Tempered[] = runs.map((one, index) => ({ ...one, tau: wanted[index]!.tau }));
    const groups = data.flatMap((_, d) =>
      losses.map((__, l) => {
        const start = (d * losses.length + l) * levels.length;
        return cases.slice(start, start + levels.length);
      }),
    );
    return {
      claims: [
        claimOf(
          'The best τ lies inside the range: smaller and larger ones are worse on validation data.',
          groups.map(inside),
        ),
        claimOf(
          'The smaller τ, the larger the robust radius.',
          groups.map((group) => monotone(group, 'radius', -1)),
        ),
        claimOf(
          'The smaller τ, the smaller the variance of the scores of negatives.',
          groups.map((group) => monotone(group, 'negativeVariance', 1)),
        ),
        claimOf('At the best τ the second order, sqrt(Var/(2η)), is within a quarter of τ.', groups.map(predicts)),
        claimOf(
          'One radius serves all data sets: with the first data set’s radius at its best τ, the second order gives the best τ of each other within a quarter.',
          oneRadius(groups),
        ),
      ],
      sections: [overview(groups, settings), ...groups.map((group) => section(group, settings))],
    };
  },
};

/** Whether the best τ has worse ones on both sides: the best but the ends against each end, seed by seed. */
function inside(group: readonly Tempered[]): Observation {
  const ends = [group[0]!, group.at(-1)!];
  const best = bestByValidation(group.slice(1, -1));
  const range = `${ends[0]!.tau} – ${ends[1]!.tau}`;
  if (!best) return { verdict: 'unclear', text: `${titleOf(group)}: no τ inside ${range}` };
  const against = ends.map((end) => {
    const ofEnd = validations(end);
    return signOf(validations(best).map((value, seed) => value - ofEnd[seed]!));
  });
  const [first, last] = ends.map((end) => metricText(validated(end)));
  const text = `${titleOf(group)}: τ ${best.tau} validates ${metricText(validated(best))}, the ends of ${range} ${first} and ${last}`;
  return { verdict: everyOne(against), text };
}

/** Whether a quantity moves one way from each τ to the next, seed by seed. */
function monotone(group: readonly Tempered[], quantity: Quantity, sign: 1 | -1): Observation {
  const values = group.map(({ records }) => records.map((record) => record.analysis![quantity]));
  const verdict = everyOne(
    values.slice(1).map((after, i) => signOf(after.map((value, seed) => sign * (value - values[i]![seed]!)))),
  );
  const [first, last] = [values[0]!, values.at(-1)!].map((seeds) => mean(seeds).toPrecision(2));
  return {
    verdict,
    text: `${titleOf(group)}: ${first} at τ ${group[0]!.tau}, ${last} at τ ${group.at(-1)!.tau}${verdict === 'held' ? '' : ', not at every step'}`,
  };
}

function predicts(group: readonly Tempered[]): Observation {
  const best = bestByValidation(group)!;
  const predicted = analysed(best.records, 'predictedTau').mean;
  return within(
    `${titleOf(group)}: predicted ${predicted.toPrecision(2)} at the best τ ${best.tau}`,
    predicted,
    best.tau,
  );
}

function within(text: string, predicted: number, tau: number): Observation {
  return { verdict: Math.abs(predicted / tau - 1) <= 0.25 ? 'held' : 'failed', text };
}

/** For each loss the first data set's radius at its best τ, carried to the others. */
function oneRadius(groups: readonly Tempered[][]): Observation[] {
  return groups.flatMap((group) => {
    const first = firstOfLoss(groups, group);
    if (group === first) return [];
    const radius = bestRadius(first);
    const predicted = tauOfRadius(group, radius);
    const { tau } = bestByValidation(group)!;
    const text = `${titleOf(group)}: ${predicted.toPrecision(2)} from η ${radius.toPrecision(2)}, measured best ${tau}`;
    return [within(text, predicted, tau)];
  });
}
