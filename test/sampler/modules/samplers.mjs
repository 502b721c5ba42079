/** A pool that always gives the first items of the catalogue. */
export class FirstItems {
  name = 'first-items';

  constructor({ repeat = false } = {}) {
    this.parameters = { repeat };
  }

  openPool({ options: { negatives }, train }) {
    const n = Math.min(negatives, train.columns);
    const items = Int32Array.from({ length: n }, (_, i) => (this.parameters.repeat ? 0 : i));
    return { capacity: n, draw: () => items };
  }
}

/** A sampler that gives one user a step, with all other items as negatives. */
export const oneUser = () => ({
  name: 'one-user',
  parameters: {},
  openSampler({ train }) {
    const { rows, columns, offsets, indices } = train;
    const all = Int32Array.from({ length: columns }, (_, i) => i);
    const most = Math.max(...Array.from({ length: rows }, (_, u) => offsets[u + 1] - offsets[u]));
    return {
      stepsPerEpoch: rows,
      capacity: { rows: 1, positives: most, negativesPerRow: columns, shared: true, masked: most, maskWeights: false },
      startEpoch() {},
      batch(user) {
        const positives = indices.subarray(offsets[user], offsets[user + 1]);
        const ends = Int32Array.of(0, positives.length);
        return {
          shared: true,
          users: Int32Array.of(user),
          rowWeights: Float32Array.of(1),
          positiveOffsets: ends,
          positives,
          negatives: all,
          negativesPerRow: columns,
          maskOffsets: ends,
          masked: positives,
        };
      },
    };
  },
});
