// How much of BSL's gain over SL is the gain of λ, the weight of the negative side, and how much that of τ1, the temperature of the positive side.
import type { ClaimVerdict, Section } from '../../report/report.ts';
import { claimOf, metricOf, moreThan, type Observation, percentText, signOf } from '../findings.ts';
import type { ExperimentSettings } from '../settings.ts';
import { mean, meanCell } from '../statistics.ts';
import { casesOf, type LevelCase } from './level-experiment.ts';

/** Labels of the four cases: both losses at λ 1 and at their best λ. */
export const separated = ['sl', 'bsl', 'sl with λ', 'bsl with λ'] as const;

/** The four cases on one data set at one level. */
interface Four {
  readonly data: string;
  readonly level: number;
  readonly sl: LevelCase;
  readonly bsl: LevelCase;
  readonly slBest: LevelCase;
  readonly bslBest: LevelCase;
}

/** The parts of the gain of BSL at its best λ over SL at λ 1, by seed. */
interface Parts {
  /** Absolute, in the metric. */
  readonly gain: readonly number[];
  readonly lambda: readonly number[];
  readonly tau1: readonly number[];
}

/**
 * Divides the gain of BSL at its best λ over SL at λ 1. Each factor gets the mean of what it adds first and what it adds after the other (its Shapley value):
 *
 *     λ's part = ½ · [(SL_λ − SL_1) + (BSL_λ − BSL_1)],   τ1's part = ½ · [(BSL_1 − SL_1) + (BSL_λ − SL_λ)]
 *
 * The two add up to BSL_λ − SL_1.
 * @param values [sl, bsl, sl at its best λ, bsl at its best λ], one number a seed each
 */
export function partsOf(values: readonly (readonly number[])[]): Parts {
  const [sl, bsl, slBest, bslBest] = values as [number[], number[], number[], number[]];
  return {
    gain: bslBest.map((value, seed) => value - sl[seed]!),
    lambda: sl.map((value, seed) => (slBest[seed]! - value + bslBest[seed]! - bsl[seed]!) / 2),
    tau1: sl.map((value, seed) => (bsl[seed]! - value + bslBest[seed]! - slBest[seed]!) / 2),
  };
}

/** The claims and the table that separate λ from τ1; no observation where one of the four cases is missing. */
export function separation(
  settings: ExperimentSettings,
  cases: readonly LevelCase[],
): { claims: ClaimVerdict[]; sections: Section[] } {
  const fours = foursOf(settings, cases);
  const most = Math.max(...settings.levels);
  const noisiest = fours.filter(({ level }) => level === most);
  const percent = `With ${Math.round(100 * most)}% random positives`;
  return {
    claims: [
      claimOf(
        `${percent} BSL at its best λ is more accurate than SL at λ 1.`,
        noisiest.map(({ data, sl, bslBest }) =>
          moreThan(data, ['bsl with λ', bslBest.records], ['sl', sl.records], settings),
        ),
        'BSL, table IV',
      ),
      claimOf(
        `${percent} BSL is more accurate than SL if both have their best λ.`,
        noisiest.map(({ data, slBest, bslBest }) =>
          moreThan(data, ['bsl with λ', bslBest.records], ['sl with λ', slBest.records], settings),
        ),
      ),
      claimOf(
        `${percent} most of BSL’s gain over SL at λ 1 is the gain of λ, not of τ1.`,
        noisiest.map((four) => mostlyLambda(four, settings)),
      ),
      claimOf(
        'The noisier the positives, the larger the fraction that BSL gains over SL, both at their best λ.',
        noisiest.flatMap((four) => {
          const clean = fours.find(({ data, level }) => data === four.data && level < most);
          return clean ? [gainGrows(clean, four, settings)] : [];
        }),
        'BSL, table IV',
      ),
    ],
    sections: fours.length > 0 ? [section(fours, settings)] : [],
  };
}

/** The data sets and levels that have all four cases, levels ascending. */
function foursOf(settings: ExperimentSettings, cases: readonly LevelCase[]): Four[] {
  return settings.data.flatMap(({ name: data }) =>
    settings.levels.flatMap((level): Four[] => {
      const found = separated.map((label) => casesOf(cases, data, label).find((one) => one.level === level));
      const [sl, bsl, slBest, bslBest] = found;
      return sl && bsl && slBest && bslBest ? [{ data, level, sl, bsl, slBest, bslBest }] : [];
    }),
  );
}

/** The metric of the four cases, by seed. */
function valuesOf({ sl, bsl, slBest, bslBest }: Four, settings: ExperimentSettings): number[][] {
  return [sl, bsl, slBest, bslBest].map(({ records }) => records.map((record) => metricOf(record, settings)));
}

/** Whether λ's part of the gain is larger than τ1's, paired by seed. */
function mostlyLambda(four: Four, settings: ExperimentSettings): Observation {
  const values = valuesOf(four, settings);
  const { gain, lambda, tau1 } = partsOf(values);
  const base = mean(values[0]!);
  const shown = (part: readonly number[]) => percentText(mean(part) / base);
  return {
    verdict: signOf(lambda.map((value, seed) => value - tau1[seed]!)),
    text: `${four.data}: ${shown(gain)} in all, of which ${shown(lambda)} by λ (best ${bestLambda(four.slBest)} for sl, ${bestLambda(four.bslBest)} for bsl) and ${shown(tau1)} by τ1`,
  };
}

/** Whether BSL's relative gain over SL, both at their best λ, is larger at the higher level, paired by seed. */
function gainGrows(low: Four, high: Four, settings: ExperimentSettings): Observation {
  const [before, after] = [low, high].map((four) => {
    const [, , sl, bsl] = valuesOf(four, settings);
    return bsl!.map((value, seed) => value / sl![seed]! - 1);
  });
  const text = `${high.data}: ${percentText(mean(before!))} at ${low.level}, ${percentText(mean(after!))} at ${high.level}`;
  return { verdict: signOf(after!.map((value, seed) => value - before![seed]!)), text };
}

/** The λ that validation chose, as text. */
function bestLambda({ options }: LevelCase): string {
  return String(options.negativeWeight);
}

/** The four cases and the parts of the gain, a row for each data set and level. */
function section(fours: readonly Four[], settings: ExperimentSettings): Section {
  return {
    title: 'λ and τ1 apart',
    text: [
      'SL has λ = 1, and the gain of BSL in the paper is measured against it, with λ (t2 in its program) chosen for BSL. Here both losses are chosen with λ = 1 and with their best λ, and τ anew each time. Each factor gets the mean of what it adds first and what it adds after the other; the two parts add up to the whole gain.',
    ],
    tables: [
      {
        name: 'lambda-and-tau1',
        caption: `Test ${settings.metric} (${settings.protocol}) of the four cases, and the gain of BSL at its best λ over SL at λ 1, with the parts of λ and of τ1 as fractions of SL’s value.`,
        columns: [
          { name: 'data', show: 'text' },
          { name: 'random positives', show: 'number' },
          ...separated.map((name) => ({ name })),
          { name: 'gain', show: 'percent' },
          { name: 'by λ', show: 'percent' },
          { name: 'by τ1', show: 'percent' },
          { name: 'best λ of sl, bsl', show: 'text' },
        ],
        rows: fours.map((four) => {
          const values = valuesOf(four, settings);
          const base = mean(values[0]!);
          const parts = partsOf(values);
          return [
            four.data,
            four.level,
            ...values.map(meanCell),
            ...[parts.gain, parts.lambda, parts.tau1].map((part) => mean(part) / base),
            `${bestLambda(four.slBest)}, ${bestLambda(four.bslBest)}`,
          ];
        }),
      },
    ],
  };
}
