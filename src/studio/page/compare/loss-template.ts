/**
 * The text that a typed loss starts from: the softmax loss. A typed loss is a JavaScript module whose default export is a loss, as in docs/losses.md; it imports nothing.
 */
export const lossTemplate = `// The softmax loss. Change it, check it, and train with it.
// A row is one person: scores of what they have (positives)
// and of a sample of everything else (negatives).
const tau = 0.1; // a smaller tau stresses the hardest negatives

export default {
  name: 'my-softmax',
  parameters: { tau },
  allowsDotScores: true,

  // Returns the value, and writes its derivative by each score.
  evaluate({ positives, positiveWeights, negatives, negativeWeights }, gradients) {
    const weight = (i) => (positiveWeights ? positiveWeights[i] : 1);
    const mask = (j) => (negativeWeights ? negativeWeights[j] : 1);
    let all = 0;
    for (let i = 0; i < positives.length; i++) all += weight(i);
    let value = 0;
    for (let i = 0; i < positives.length; i++) {
      const share = all > 0 ? weight(i) / all : 0;
      value -= (share * positives[i]) / tau;
      gradients.positives[i] = -share / tau;
    }

    // The logarithm of a mean of exponentials. The largest score
    // is taken out first, so that nothing overflows.
    let largest = -Infinity;
    for (let j = 0; j < negatives.length; j++) if (mask(j) > 0) largest = Math.max(largest, negatives[j]);
    let sum = 0;
    let weights = 0;
    for (let j = 0; j < negatives.length; j++) {
      const part = mask(j) > 0 ? mask(j) * Math.exp((negatives[j] - largest) / tau) : 0;
      gradients.negatives[j] = part;
      sum += part;
      weights += mask(j);
    }
    for (let j = 0; j < negatives.length; j++) gradients.negatives[j] = sum > 0 ? gradients.negatives[j] / (sum * tau) : 0;
    return sum > 0 ? value + largest / tau + Math.log(sum / weights) : value;
  },
};
`;
