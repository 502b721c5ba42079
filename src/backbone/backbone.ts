import type { Csr } from '../array/csr.ts';
import type { Random } from '../array/random.ts';
import type { BackbonePlan } from '../engine/engine.ts';
import type { NodeOperations, NodeRows } from '../engine/node-operations.ts';

/** What a pass of a backbone is for. */
export interface BackboneContext {
  /** True in a step of training; false when the final embeddings are read for ranking: then without noise and dropout. */
  readonly training: boolean;
  /** Rows of `nodes.final` that are wanted: those the batch touches in training, all for ranking. */
  readonly rows: NodeRows;
  /** Keys of random numbers; `step` counts from 0 in the epoch. */
  readonly seed: number;
  readonly epoch: number;
  readonly step: number;
}

/**
 * A backbone makes final embeddings, which are scored, of base embeddings, which are trained. It is a program over the engine's node operations: it runs on one thread
 * and only says what is to be done, and holds no numbers of its own but its options.
 */
export interface Backbone {
  readonly name: string;
  readonly parameters: Readonly<Record<string, number | string | boolean>>;
  /** What it needs of the engine, for base embeddings of `dimension` columns and the training interactions; undefined: nothing, the base embeddings are the final ones. */
  plan(dimension: number, graph: Csr): BackbonePlan | undefined;
  /** Writes the parameters' values before the first step; they begin at 0. */
  initialise?(nodes: NodeOperations, random: Random): void;
  /** Writes the rows `context.rows` of `nodes.final`; what it leaves in scratch tables, `backward` of the same step may read. */
  forward(nodes: NodeOperations, context: BackboneContext): void;
  /** A term of the batch's value beside the loss: returns it, and adds its gradients to `nodes.finalGradient`, or keeps them for `backward`. Runs before `backward`. */
  auxiliaryLoss?(nodes: NodeOperations, context: BackboneContext): number;
  /** Turns `nodes.finalGradient` into `nodes.baseGradient`, all rows, and the gradients of the parameters. */
  backward(nodes: NodeOperations, context: BackboneContext): void;
}

/** How a backbone is named in a config: a built-in by name with its options, a module that exports a backbone class or factory, or a bare object (training then runs in the caller's thread). */
export type BackboneSource =
  | { readonly name: string; readonly options?: Readonly<Record<string, unknown>> }
  | { readonly module: string; readonly export?: string; readonly options?: Readonly<Record<string, unknown>> }
  | Backbone;
