/** Length of the embeddings. */
export const DIMENSION = 64;

/**
 * The softmax loss (λ 1) on each data set: its temperature, and the users that are validated.
 * @type {Record<string, { tau: number, users: number }>}
 */
export const dataSets = {
  'amazon2014-health': { tau: 0.2, users: 20_000 },
  'amazon2014-electronic': { tau: 0.2, users: 20_000 },
  gowalla: { tau: 0.1, users: 10_000 },
};
