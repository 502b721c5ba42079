import type { Experiment, Lab } from './experiment.ts';
import type { FailedRun, RunRecord, RunSpec } from './run.ts';
import type { ExperimentSettings } from './settings.ts';

/** Thrown when an experiment reads the result of a run that is only planned. */
class NotMeasured extends Error {}

/**
 * Counts the trainings that an experiment still needs, without training: records are used where there are any, and every other run is counted. Which runs
 * follow depends on results, so the number is a lower bound, except where all runs are recorded: there it is 0.
 * @param counted Runs that were counted before, as text; they are not counted again, and those counted now are added.
 */
export async function planRuns(
  lab: Lab,
  experiment: Experiment,
  settings: ExperimentSettings,
  counted: Set<string>,
): Promise<number> {
  const before = counted.size;
  const plan = async (specs: readonly RunSpec[]) => {
    const records = await lab.recorded(specs);
    return records.map((record, at) => {
      if (record) return record;
      counted.add(JSON.stringify(specs[at]));
      return planned(specs[at]!);
    });
  };
  const planning: Lab = {
    recorded: (specs) => lab.recorded(specs),
    say: () => {},
    tryAll: (_, specs) => plan(specs),
    runAll: async (_, specs) => (await plan(specs)) as RunRecord[],
    runAlone: async (_, specs) => (await plan(specs)) as RunRecord[],
    perUser: (record, protocol) => lab.perUser(record, protocol),
  };
  await experiment.run(planning, settings).catch((error) => {
    if (!(error instanceof NotMeasured)) throw error;
  });
  return counted.size - before;
}

/** A record without results: the search of options goes on with the value 0, and reading anything else ends the plan. */
function planned({ seed, choice, noise = {} }: RunSpec): RunRecord | FailedRun {
  const known: Partial<RunRecord> = { seed, choice, noise, chosen: { epoch: 0, popularityPrior: 0, value: 0 } };
  return new Proxy(known as RunRecord, {
    get(target, name) {
      if (name in target || name === 'then') return Reflect.get(target, name);
      throw new NotMeasured();
    },
  });
}
