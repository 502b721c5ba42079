import { meanCell } from '../analysis/statistics.ts';
import type { RunRecord } from '../run/run.ts';
import type { ExperimentSettings } from '../settings/settings.ts';

type Judged = Pick<ExperimentSettings, 'metric' | 'protocol'>;

/** A test metric of a run; that of the settings unless another is named. */
export function metricOf(record: RunRecord, { protocol, metric }: Judged, name = metric): number {
  return record.evaluations[protocol].metrics[name]!;
}

/** Mean and deviation over runs that differ in their seed. */
export function cellOf(
  records: readonly RunRecord[],
  judged: Judged,
  name?: string,
): { mean: number; deviation: number } {
  return meanCell(records.map((record) => metricOf(record, judged, name)));
}

export function meanOf(records: readonly RunRecord[], judged: Judged, name?: string): number {
  return cellOf(records, judged, name).mean;
}

/** Options as a person writes them: tau 0.2, tau1 inf. Training options without their prefix. */
export function optionsText(options: Readonly<Record<string, unknown>>): string {
  return Object.entries(options)
    .map(([name, value]) => `${name.replace('config.', '')} ${value === Infinity ? 'inf' : value}`)
    .join(', ');
}

/** 0.094 → "+9.4%". */
export function percentText(share: number): string {
  return `${share >= 0 ? '+' : '−'}${(100 * Math.abs(share)).toFixed(1)}%`;
}

/** 0.1303 → ".1303". */
export function metricText(value: number): string {
  return value.toFixed(4).replace(/^(-?)0\./, '$1.');
}
