// @ts-nocheck: a user writes this in plain JavaScript
/** E_i −s_i + E_j s_j: losses written by a user, in each of the ways a module may export one. */
export class MeanDifference {
  name = 'mean-difference';
  allowsDotScores = false;

  constructor(options = {}) {
    this.parameters = { scale: options.scale ?? 1 };
  }

  evaluate(scores, gradients) {
    const { scale } = this.parameters;
    gradients.positives.fill(-scale / scores.positives.length);
    gradients.negatives.fill(scale / scores.negatives.length);
    const mean = (x) => x.reduce((sum, value) => sum + value, 0) / x.length;
    return scale * (mean(scores.negatives) - mean(scores.positives));
  }
}

/** The same, with `evaluate` in a field. */
export class WithFields {
  name = 'with-fields';
  allowsDotScores = false;
  parameters;

  constructor(options = {}) {
    this.parameters = { scale: options.scale ?? 1 };
  }

  evaluate = (scores, gradients) => new MeanDifference(this.parameters).evaluate(scores, gradients);
}

export default MeanDifference;
export const factory = (options) => new MeanDifference(options);
export const object = new MeanDifference({ scale: 2 });
export const broken = { name: 'broken' };
