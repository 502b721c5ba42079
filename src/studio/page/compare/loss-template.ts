/**
 * The text that a typed loss starts from: the softmax loss. A typed loss is a JavaScript module whose default export is a loss, as in docs/losses.md; it imports nothing.
 */
export const lossTemplate = `// The softmax loss. Change it, check it, and train with it.
// A row is one person: scores of what they have (positives)
// and of a sample of everything else (negatives).
const tau = 0.1; // a smaller tau stresses the hardest negatives
const scale = 1 / tau;

export default {
  name: 'my-softmax',
  parameters: { tau },
  allowsDotScores: true,

  // Returns the value, and writes its derivative by each score.
  evaluate({ positives, positiveWeights, negatives, negativeWeights }, gradients, context) {
    // The mean of the positives, each with its weight.
    let all = 0;
    for (let i = 0; i < positives.length; i++) all += positiveWeights ? positiveWeights[i] : 1;
    const inverse = all > 0 ? 1 / all : 0;
    let positive = 0;
    for (let i = 0; i < positives.length; i++) {
      const share = (positiveWeights ? positiveWeights[i] : 1) * inverse;
      positive += share * positives[i];
      gradients.positives[i] = -scale * share;
    }

    // tau times the logarithm of the mean of exp(s / tau), and its
    // derivatives times scale. Weights of 0 are masked negatives.
    const negative = context.logExpectationExp(negatives, tau, negativeWeights, gradients.negatives, scale);
    return scale * negative - scale * positive;
  },
};
`;
