/** A loss as a card shows it. In a formula `_{…}` lowers and `^{…}` raises; s_i are scores of what a user has, s_j of negatives, E the mean over them. */
export interface LossCard {
  readonly title: string;
  readonly formula: string;
  /** One sentence: what it does, and when to take it. */
  readonly about: string;
}

/** The cards of the built-in losses; docs/losses/ has the whole of each. */
export const lossCards: Readonly<Record<string, LossCard>> = {
  sl: {
    title: 'Softmax loss',
    formula: '−E_{i}[s_{i}]/τ + λ log E_{j}[exp(s_{j}/τ)]',
    about:
      'Pulls what a user has up, and pushes down most what scores highest among the rest: the plain, strong choice.',
  },
  bsl: {
    title: 'Bilateral softmax loss',
    formula: '−(τ_{1}/τ) log E_{i}[exp(s_{i}/τ_{1})] + λ log E_{j}[exp(s_{j}/τ)]',
    about:
      'The softmax loss with a temperature for positives too, which doubts those that do not fit: for noisy logs, and the default.',
  },
  dsl: {
    title: 'Dual-scale softmax loss',
    formula: 'E_{i}[−s_{i} + λ τ_{i} log E_{j}[exp(ω_{ij} + s_{j}/τ_{i})]]/τ',
    about: 'Weights negatives by how hard and how similar they are, with a temperature for each positive.',
  },
  bpr: {
    title: 'Bayesian personalised ranking',
    formula: 'E_{i} E_{j}[log(1 + exp(s_{j} − s_{i}))]',
    about: 'Compares every positive with every negative: the classic of the field, to compare with.',
  },
  bce: {
    title: 'Binary cross-entropy',
    formula: 'E_{i}[log(1 + exp(−s_{i}))] + c E_{j}[log(1 + exp(s_{j}))]',
    about: 'Asks of each pair whether it is one: when scores should read as log-odds.',
  },
  gbce: {
    title: 'Generalised cross-entropy',
    formula: 'β E_{i}[log(1 + exp(−s_{i}))] + c E_{j}[log(1 + exp(s_{j}))]',
    about: 'Cross-entropy that knows its negatives are a sample: for large catalogues with few negatives.',
  },
  mse: {
    title: 'Mean squared error',
    formula: 'E_{i}[(1 − s_{i})^{2}] + c E_{j}[s_{j}^{2}]',
    about: 'Wants 1 for what a user has and 0 for the rest: the loss of classical factorisation.',
  },
  ccl: {
    title: 'Cosine contrastive loss',
    formula: 'E_{i}[1 − s_{i}] + c E_{j}[max(0, s_{j} − m)]',
    about:
      'Ignores negatives below a margin and counts all above it alike: fast, with a sharp edge in place of a temperature.',
  },
  psl: {
    title: 'Pairwise softmax loss',
    formula: 'E_{i}[log E_{j}[σ((s_{j} − s_{i})/2)^{1/τ}]] + (λ − 1) log E_{j}[exp(s_{j}/τ)]',
    about: 'A softmax over pairs in which one wrong negative pulls less: for noisy negatives and shifting popularity.',
  },
  slatk: {
    title: 'Softmax loss at K',
    formula: 'E_{i}[ω_{i}(−s_{i}/τ + λ log E_{j}[exp(s_{j}/τ)] + log n)]',
    about: 'Cares most for positives that can reach the first K places: when only the top of a list is seen.',
  },
  talos: {
    title: 'Talos',
    formula: '−E_{i}[log σ(s_{i} − b)]/τ + λ log Σ_{j} σ(s_{j} − b)^{1/τ}',
    about: 'Measures scores against each user’s own threshold for the first K places, learned on the way.',
  },
  sogclr: {
    title: 'Global contrastive loss',
    formula: '−E_{i}[s_{i}]/τ + λ(log g + ĝ/g − 1)',
    about: 'A softmax loss that remembers each user’s normaliser between steps: when there are only tens of negatives.',
  },
  advinfonce: {
    title: 'Adversarial InfoNCE',
    formula: '−E_{i}[s_{i}]/τ + λ log E_{j}[exp(δ_{j} + s_{j}/τ)]',
    about: 'Lets an adversary learn how hard each negative should count, within bounds.',
  },
  llpauc: {
    title: 'Lower-left partial AUC',
    formula: '−s^{+} − E_{i}[r(u_{i})]/α + λ(s^{−} + E_{j}[r(u_{j})]/β) − γ^{2}',
    about:
      'Counts only the best-scored share of positives and negatives: the corner of the ROC curve that lists live in.',
  },
};
