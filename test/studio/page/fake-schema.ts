const above = { type: 'number', exclusiveMinimum: 0 };
const temperature = {
  anyOf: [above, { const: 'inf' }, { const: 'auto' }],
  title: 'τ',
  description: 'Smaller values stress the hardest negatives.',
};
const weight = {
  anyOf: [{ type: 'number', minimum: 0 }, { const: 'auto' }],
  default: 1,
  description: 'Above 1 favours popular items, below 1 rare ones.',
};
const loss = (name: string, options: Record<string, unknown>) => ({
  properties: { name: { const: name }, options: { properties: options } },
});

/** A few options in the form of the schema that a session tells. */
export const fakeSchema = {
  type: 'object',
  properties: {
    loss: {
      default: { name: 'bsl', options: { tau1: 4, negativeWeight: 1.2 } },
      oneOf: [
        loss('bsl', { tau: temperature, tau1: { anyOf: [above, { const: 'inf' }] }, negativeWeight: weight }),
        loss('sl', { tau: temperature, negativeWeight: weight }),
        loss('bpr', {}),
        loss('ccl', { margin: { type: 'number', minimum: -1, maximum: 1, default: 0.8 } }),
        loss('psl', { tau: temperature, activation: { enum: ['relu', 'tanh', 'atan'], default: 'relu' } }),
      ],
    },
    neighbors: {
      anyOf: [{ const: 'auto' }, { const: 'off' }, { type: 'integer', minimum: 1, maximum: 200 }],
      default: 'auto',
      description: 'An item–item term, added after training.',
    },
    dimension: { type: 'integer', minimum: 1, default: 64, description: 'Length of the embeddings.' },
    learningRate: { ...above, default: 0.02, description: 'Peak learning rate.' },
    batch: {
      properties: {
        negatives: {
          anyOf: [{ const: 'all' }, { type: 'integer', minimum: 1 }],
          default: 2048,
          description: 'Negatives for each row.',
        },
        maskPositives: { type: 'boolean', default: true },
        pool: { enum: ['uniform', 'popularity'], default: 'uniform' },
      },
    },
    epochs: { type: 'integer', minimum: 1, default: 20, description: 'The most epochs.' },
    aim: { enum: ['accuracy', 'discovery'], default: 'accuracy' },
  },
};

/** An objective of data in these options. */
export const fakeObjective = {
  loss: { name: 'bsl', options: { tau1: 1, negativeWeight: 1 } },
  batch: { pool: 'popularity' },
} as const;
