import type { RunInfo } from '../../session.ts';
import { type Curve, Curves } from '../charts/curves.tsx';
import { metricsOf } from '../parts/metric-names.ts';
import { useStudio } from '../state/studio.ts';

/** Earlier runs that are drawn in grey, at most. */
const PAST = 6;

/** Loss and validation by epoch, with earlier runs in grey. */
export function RunCurves({ run }: { run: RunInfo }) {
  const all = useStudio().runs.value;
  const past = all.filter(({ id, history }) => id !== run.id && history.length > 0).slice(0, PAST);
  const runs = [run, ...past];
  const [metric] = metricsOf([run, ...past]);
  const epochs = Math.max(...runs.map((one) => Math.max(one.epochs, one.epoch)));
  const curves = (y: (record: RunInfo['history'][number]) => number | undefined): Curve[] =>
    distinct(runs).map(({ one, name }, at) => ({
      name,
      past: at > 0,
      points: one.history.flatMap((record) => {
        const value = y(record);
        return value === undefined ? [] : [{ x: record.epoch, y: value }];
      }),
    }));
  return (
    <div class="pair">
      <div class="card">
        <Curves title="Loss" curves={curves(({ loss }) => loss)} xTitle="Epoch" yTitle="Loss" xEnds={[0, epochs]} />
      </div>
      <div class="card">
        {metric ? (
          <Curves
            title="Validation"
            curves={curves(({ valid }) => valid?.[metric])}
            xTitle="Epoch"
            yTitle={metric.toUpperCase()}
            xEnds={[0, epochs]}
            yFromZero
          />
        ) : (
          <section class="chart">
            <h3>Validation</h3>
            <p class="help">
              The first figure comes after a few epochs. Without a validation part, which the data screen sets, there is
              none.
            </p>
          </section>
        )}
      </div>
    </div>
  );
}

/** Runs under names that differ: columns of a table are told apart by them. */
function distinct(runs: readonly RunInfo[]): readonly { readonly one: RunInfo; readonly name: string }[] {
  const times = new Map<string, number>();
  return runs.map((one) => {
    const n = (times.get(one.name) ?? 0) + 1;
    times.set(one.name, n);
    return { one, name: n === 1 ? one.name : `${one.name} (${n})` };
  });
}
