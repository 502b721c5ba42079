/** How the learning rate moves over a run: linear warm-up from 0, then constant or a half cosine down to `final` of it. */
export interface Schedule {
  readonly name: 'constant' | 'cosine';
  /** Fraction of the run spent warming up, [0, 1). */
  readonly warmup: number;
  /** What is left of the learning rate at the end of a cosine, as a fraction of it, [0, 1]. */
  readonly final: number;
}

/**
 * The factor of the learning rate at `progress` ∈ [0, 1], the fraction of the run that is done. With w = warmup, f = final, q = (progress − w)/(1 − w):
 * progress/w while progress < w; after that 1 (constant), or f + (1 − f)·(1 + cos πq)/2 (cosine; Loshchilov & Hutter, ICLR 2017, without restarts).
 */
export function scheduleFactor(schedule: Schedule, progress: number): number {
  const { name, warmup, final } = schedule;
  if (progress < warmup) return progress / warmup;
  if (name === 'constant') return 1;
  const q = Math.min(1, (progress - warmup) / (1 - warmup));
  return final + ((1 - final) * (1 + Math.cos(Math.PI * q))) / 2;
}

/** The progress of step `step` (from 0) among `steps`: the middle of the step, so that no step has a learning rate of 0. */
export function stepProgress(step: number, steps: number): number {
  return Math.min(1, (step + 0.5) / steps);
}
