import type { Backbone } from '../backbone/backbone.ts';
import type { Engine } from '../engine/engine.ts';

/** Writes the final embeddings of all rows, as ranking wants them: without noise and dropout. Nothing is to be done without a backbone. */
export function finishFinals(engine: Engine, backbone: Backbone, seed: number): void {
  if (!engine.nodes) return;
  backbone.forward(engine.nodes, { training: false, rows: 'all', seed, epoch: 0, step: 0 });
  engine.itemsChanged();
}
