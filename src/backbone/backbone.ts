import type { Csr } from '../array/csr.ts';
import type { Random } from '../array/random.ts';
import type { BackbonePlan } from '../engine/engine.ts';
import type { NodeOperations, NodeRows } from '../engine/node-operations.ts';

/** The circumstances of one pass through a backbone. */
export interface BackboneContext {
  /** True in a training step. False when the final embeddings are computed for ranking; then noise and dropout are off. */
  readonly training: boolean;
  /** The rows of `nodes.final` to compute: those the batch touches in training, all rows for ranking. */
  readonly rows: NodeRows;
  /** The seed of the run. Seed, epoch and step key the random numbers of a pass (`streamKey`). */
  readonly seed: number;
  /** The epoch, from 0. */
  readonly epoch: number;
  /** The step within the epoch, from 0. */
  readonly step: number;
}

/**
 * A backbone computes the final embeddings, which are scored, from the base embeddings, which are trained (docs/backbones.md).
 *
 * It is a program over the engine's node operations. It runs on one thread and only issues operations; it holds no numbers except its options.
 */
export interface Backbone {
  /** The name, as configurations and error messages write it. */
  readonly name: string;
  /** The options in effect, as JSON can hold them; they are saved with the model. */
  readonly parameters: Readonly<Record<string, number | string | boolean>>;
  /**
   * The resources that the backbone needs from the engine. Undefined: none, and the base embeddings are the final ones.
   * @param dimension number of columns of the base embeddings
   * @param graph [users × items] the training interactions
   */
  plan(dimension: number, graph: Csr): BackbonePlan | undefined;
  /** Writes the initial values of the parameters; without it they start at 0. */
  initialise?(nodes: NodeOperations, random: Random): void;
  /** Writes the rows `context.rows` of `nodes.final`. `backward` of the same step may read the scratch tables that it leaves. */
  forward(nodes: NodeOperations, context: BackboneContext): void;
  /** An additional term of the batch's value, such as a contrastive loss. Returns the term and adds its gradients to `nodes.finalGradient`, or keeps them for `backward`, which runs afterwards. */
  auxiliaryLoss?(nodes: NodeOperations, context: BackboneContext): number;
  /** Computes `nodes.baseGradient` (all rows) and the gradients of the parameters from `nodes.finalGradient`. */
  backward(nodes: NodeOperations, context: BackboneContext): void;
}

/** A backbone in a configuration: the name of a built-in with its options; a module that exports a backbone class, a factory or a backbone object; or a backbone object, which makes training run in the caller's thread. */
export type BackboneSource =
  | { readonly name: string; readonly options?: Readonly<Record<string, unknown>> }
  | { readonly module: string; readonly export?: string; readonly options?: Readonly<Record<string, unknown>> }
  | Backbone;
