import type { Csr } from '../array/csr.ts';
import type { Best } from './checkpoint.ts';
import { DivergenceGuard } from './divergence.ts';
import { EarlyStopping } from './early-stopping.ts';
import { unpadded } from './embeddings.ts';
import type { EpochRecord } from './events.ts';
import type { PhaseContext } from './phase.ts';
import { ProgressMeter } from './progress-meter.ts';
import { runEpoch } from './run-epoch.ts';
import { scheduleFactor, stepProgress } from './schedule.ts';
import { validate } from './validation.ts';

/**
 * Trains epoch after epoch until the planned ones are done, the time budget is spent, or validation has not become better for `patience` times. Leaves
 * `state.chosen` and `state.reason`. Returns the chosen epoch's final embeddings; undefined where they are the engine's own (no validation) or not needed
 * (a refit starts anew, so no second copy of the tables is kept).
 */
export async function search(
  context: PhaseContext,
  train: Csr,
  valid: Csr | undefined,
  best: Best | undefined,
): Promise<Best | undefined> {
  const { engine, backbone, sampler, config, options, state } = context;
  const { epochs, timeBudget, learningRate, schedule, validation } = config;
  const steps = epochs * sampler.stepsPerEpoch;
  const stopping = new EarlyStopping(validation.patience, state.stopping);
  const meter = new ProgressMeter('search', epochs, steps, state.step, options.onEvent);
  const guard = new DivergenceGuard(context.loss);
  while (!state.reason) {
    const spent = state.seconds.train + state.seconds.validate;
    const timed = (seconds: number) => (timeBudget === undefined ? 0 : Math.min(1, (spent + seconds) / timeBudget));
    const plan = {
      epoch: state.epoch,
      firstStep: state.step,
      steps: sampler.stepsPerEpoch,
      seed: config.seed,
      before: context.before,
      secondsLeft: (timeBudget ?? Infinity) - spent,
      learningRate: (step: number, seconds: number) =>
        learningRate * scheduleFactor(schedule, Math.max(stepProgress(step, steps), timed(seconds))),
    };
    const done = await runEpoch(engine, backbone, sampler, plan, meter, guard, options);

    const epoch = state.epoch + 1;
    const step = state.step + done.steps;
    const seconds = state.seconds.train + done.seconds;
    const progress = Math.max(step / steps, timed(done.seconds));
    let record: EpochRecord = { epoch, step, loss: done.loss, learningRate: done.learningRate, progress, seconds };
    options.onEvent({ type: 'epoch', phase: 'search', ...record });
    Object.assign(state, { epoch, step });
    state.seconds.train = seconds;

    const late = done.seconds >= plan.secondsLeft;
    const last = late || epoch === epochs;
    // Without validation the prior is a number: `auto` was refused.
    if (!valid) state.chosen = { epoch, step, progress, popularityPrior: Number(config.popularityPrior) };
    else if (last || epoch % validation.every === 0) {
      const started = performance.now();
      const lastPrior = state.history.findLast((record) => record.valid)?.popularityPrior;
      const { metrics, value, popularityPrior } = validate(
        engine,
        { train, valid },
        config,
        options.aborted,
        lastPrior,
      );
      const better = stopping.observe(epoch, value);
      if (better) {
        state.chosen = { epoch, step, progress, popularityPrior };
        if (!config.refit) {
          const { users, items } = engine.finals;
          best = {
            users: unpadded(users, best?.users),
            items: unpadded(items, best?.items),
            arrays: context.copyArrays(best?.arrays),
          };
        }
      }
      const seconds = (performance.now() - started) / 1000;
      state.seconds.validate += seconds;
      record = { ...record, valid: metrics, popularityPrior };
      const { metric } = validation;
      options.onEvent({ type: 'validation', epoch, metric, value, metrics, popularityPrior, best: better, seconds });
    }
    state.history.push(record);
    state.stopping = stopping.state;
    if (epoch === epochs) state.reason = 'epochs';
    else if (late || state.seconds.train + state.seconds.validate >= (timeBudget ?? Infinity))
      state.reason = 'time-budget';
    else if (valid && stopping.shouldStop) state.reason = 'patience';
    await context.checkpoint(best, state.reason !== undefined);
  }
  return best;
}
