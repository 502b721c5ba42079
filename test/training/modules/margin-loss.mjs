/** A loss of a user's own: pulls positives above a margin and pushes negatives below 0; used as an object and by module path. */
export class MarginLoss {
  name = 'margin';
  allowsDotScores = true;

  constructor({ margin = 0.5 } = {}) {
    this.parameters = { margin };
  }

  evaluate(scores, gradients) {
    const { margin } = this.parameters;
    let value = 0;
    for (const [e, s] of scores.positives.entries()) {
      const short = Math.max(0, margin - s);
      value += short / scores.positives.length;
      gradients.positives[e] = short > 0 ? -1 / scores.positives.length : 0;
    }
    for (const [e, s] of scores.negatives.entries()) {
      value += Math.max(0, s) / scores.negatives.length;
      gradients.negatives[e] = s > 0 ? 1 / scores.negatives.length : 0;
    }
    return value;
  }
}

/** Ends its thread in the middle of a step. */
export class FatalLoss extends MarginLoss {
  evaluate() {
    process.exit(3);
  }
}
