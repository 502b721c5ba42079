import { DivergenceGuard } from './divergence.ts';
import type { PhaseContext } from './phase.ts';
import { ProgressMeter } from './progress-meter.ts';
import { runEpoch } from './run-epoch.ts';
import { scheduleFactor, stepProgress } from './schedule.ts';

/**
 * Trains once more, from the same initial embeddings, on train plus validation, for as many steps as the chosen epoch of the search had taken. Step t has
 * the learning rate of the search's step t: the schedule is cut where the search was cut, not squeezed. (Under a time budget: the progress that the
 * chosen epoch had reached, spread evenly over the steps.)
 */
export async function refit({
  engine,
  backbone,
  sampler,
  loss,
  config,
  options,
  state,
  before,
  checkpoint,
}: PhaseContext): Promise<void> {
  const { learningRate, schedule } = config;
  const { step: steps, progress, epoch: chosen } = state.chosen!;
  options.onEvent({ type: 'refit', epoch: chosen, steps });
  const epochs = Math.ceil(steps / sampler.stepsPerEpoch);
  const meter = new ProgressMeter('refit', epochs, steps, state.step, options.onEvent);
  const guard = new DivergenceGuard(loss);
  while (state.step < steps) {
    const plan = {
      epoch: state.epoch,
      firstStep: state.step,
      steps: Math.min(sampler.stepsPerEpoch, steps - state.step),
      secondsLeft: Infinity,
      seed: config.seed,
      before,
      learningRate: (step: number) => learningRate * scheduleFactor(schedule, progress * stepProgress(step, steps)),
    };
    const done = await runEpoch(engine, backbone, sampler, plan, meter, guard, options);
    state.epoch++;
    state.step += done.steps;
    state.seconds.train += done.seconds;
    options.onEvent({
      type: 'epoch',
      phase: 'refit',
      epoch: state.epoch,
      step: state.step,
      loss: done.loss,
      learningRate: done.learningRate,
      progress: progress * (state.step / steps),
      seconds: state.seconds.train,
    });
    await checkpoint(undefined, state.step === steps);
  }
}
