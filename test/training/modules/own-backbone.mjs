/** One step over the graph and a trained factor for each column, written with the node operations and one loop of its own. */
export class OwnBackbone {
  name = 'own';

  constructor({ share = 0.5 } = {}) {
    this.parameters = { share };
  }

  plan(dimension, graph) {
    return {
      graph,
      outputDimension: dimension,
      exponents: [0.5],
      tables: { mixed: dimension, scaled: dimension },
      weights: { factor: [1, dimension] },
    };
  }

  initialise(nodes) {
    nodes.fill(nodes.weight('factor'), 1);
  }

  forward(nodes, { rows }) {
    const mixed = nodes.table('mixed');
    nodes.propagate(nodes.base, mixed, {
      left: 0.5,
      right: 0.5,
      scale: this.parameters.share,
      plus: nodes.base,
      targets: rows,
    });
    times(mixed, nodes.weight('factor'), nodes.final);
  }

  backward(nodes) {
    const { baseGradient, finalGradient, final } = nodes;
    const [mixed, factor, gradient] = [nodes.table('mixed'), nodes.weight('factor'), nodes.weightGradient('factor')];
    gradient.data.fill(0);
    for (let r = 0; r < final.rows; r++) {
      for (let c = 0; c < final.columns; c++) {
        const g = finalGradient.data[r * finalGradient.stride + c];
        if (g !== 0) gradient.data[c] += g * mixed.data[r * mixed.stride + c];
      }
    }
    const scaled = nodes.table('scaled');
    times(finalGradient, factor, scaled);
    nodes.propagate(scaled, baseGradient, { left: 0.5, right: 0.5, scale: this.parameters.share, plus: scaled });
  }
}

/** y ← x, each column by its factor. */
function times(x, factor, y) {
  for (let r = 0; r < x.rows; r++) {
    for (let c = 0; c < x.columns; c++) y.data[r * y.stride + c] = x.data[r * x.stride + c] * factor.data[c];
  }
}
