import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { byteBlocks } from '../array/byte-blocks.ts';
import type { Engine } from '../engine/engine.ts';
import { TaurecError } from '../errors.ts';
import { readMetadata, readSafetensors, writeSafetensors } from '../model/safetensors.ts';
import { type Safetensors, type Tensor, tensorOf } from '../model/safetensors-format.ts';
import type { TrainedArrays } from '../model/training-state.ts';
import { makeFolder } from '../platform/write-fault.ts';
import { configToJson, type TrainConfig } from './config.ts';
import { engineArrays } from './engine-arrays.ts';
import type { Phase } from './events.ts';
import type { TrainingData, TrainingState } from './training.ts';

/** The name of the file in its folder. */
export const CHECKPOINT = 'checkpoint.safetensors';

const FORMAT = 'taurec-checkpoint-2';
/** The format of earlier versions, without a digest. It is still read. */
const UNSIGNED_FORMAT = 'taurec-checkpoint-1';

/** Prefix of the best epoch's arrays. */
const BEST = 'best.';

/** Minimum milliseconds between checkpoints when `checkpointEvery` is absent. */
const INTERVAL = 10_000;

/** The best epoch's final embeddings, without padding, and, where kept, the arrays from which training can continue. */
export interface Best {
  readonly users: Float32Array;
  readonly items: Float32Array;
  readonly arrays?: TrainedArrays;
}

/** A checkpoint in memory: the state, and how to restore its arrays into an engine. */
export interface Resumption {
  readonly state: TrainingState;
  /** The phase in which it was written; `state.phase` changes later. */
  readonly phase: Phase;
  readonly best?: Best;
  /** Throws `checkpoint-mismatch` when another engine wrote it. */
  restore(engine: Engine): void;
}

/** The identity of a checkpoint; a run continues it only when all three are equal. */
interface Identity {
  readonly config: string;
  readonly data: string;
  readonly engine: string;
}

/**
 * The checkpoint of a run: `checkpoint.safetensors` in a folder. It holds the base embeddings, the backbone's parameters, the optimiser's moments and the loss's states
 * as the engine has them, the best epoch's final embeddings, and as metadata the state (JSON), the SHA-256 of configuration and data, and the engine and its build; also the SHA-256 of the file itself.
 * Written atomically.
 */
export class CheckpointFile {
  readonly path: string;
  readonly #every: number | undefined;
  readonly #identity: Omit<Identity, 'engine'>;
  #written = performance.now();
  #exists = false;

  constructor(directory: string, config: TrainConfig, data: TrainingData) {
    this.path = join(directory, CHECKPOINT);
    this.#every = config.checkpointEvery;
    this.#identity = { config: configHash(config), data: dataHash(data) };
  }

  /** The path, after this run has written or read the file. */
  get keptPath(): string | undefined {
    return this.#exists ? this.path : undefined;
  }

  /** True when a checkpoint should be written after `epoch` (from 1). */
  due(epoch: number): boolean {
    return this.#every === undefined ? performance.now() - this.#written >= INTERVAL : epoch % this.#every === 0;
  }

  /** Writes a settled engine and its state. */
  async write(engine: Engine, state: TrainingState, best?: Best): Promise<void> {
    const d = engine.finals.users.columns;
    const tensors: Record<string, Tensor<Float32Array>> = {};
    for (const [name, data] of engineArrays(engine)) tensors[name] = { shape: [data.length], data };
    if (best) {
      tensors.bestUsers = { shape: [best.users.length / d, d], data: best.users };
      tensors.bestItems = { shape: [best.items.length / d, d], data: best.items };
      for (const [name, tensor] of Object.entries(best.arrays ?? {})) tensors[BEST + name] = tensor;
    }
    makeFolder(join(this.path, '..'));
    const metadata = { format: FORMAT, ...this.#identity, engine: engineLabel(engine), state: JSON.stringify(state) };
    // After a failure too, the next attempt waits for its interval.
    this.#written = performance.now();
    await writeSafetensors(this.path, tensors, metadata, { signed: true });
    this.#written = performance.now();
    this.#exists = true;
  }

  /**
   * Reads the checkpoint; undefined when there is no file.
   * @throws TaurecError `checkpoint-mismatch`, `bad-checkpoint`, `bad-safetensors`, `damaged-file`
   */
  async read(): Promise<Resumption | undefined> {
    if (!(await stat(this.path).catch(() => undefined))) return undefined;
    const path = this.path;
    const file = await openCheckpoint(path);
    const { metadata, tensors } = file;
    const check = (what: keyof Identity, expected: string) => {
      if (metadata[what] !== expected)
        throw new TaurecError('checkpoint-mismatch', { path, what, got: metadata[what], expected });
    };
    check('config', this.#identity.config);
    check('data', this.#identity.data);
    this.#exists = true;
    const float = (name: string, shape: number[]) => tensorOf(file, name, 'F32', shape).data;
    const best = tensors.has('bestUsers')
      ? { users: float('bestUsers', [-1, -1]), items: float('bestItems', [-1, -1]), arrays: bestArrays(tensors) }
      : undefined;
    const state: TrainingState = JSON.parse(metadata.state!);
    return {
      state,
      phase: state.phase,
      best,
      restore(engine) {
        check('engine', engineLabel(engine));
        for (const [name, data] of engineArrays(engine)) data.set(float(name, [data.length]));
        engine.itemsChanged();
      },
    };
  }
}

/**
 * How far the run of a checkpoint in a folder was: its arrays are not read. Undefined where there is none.
 * @throws TaurecError `bad-safetensors`
 */
export async function checkpointState(
  directory: string,
): Promise<Pick<TrainingState, 'phase' | 'epoch' | 'history' | 'seconds'> | undefined> {
  const path = join(directory, CHECKPOINT);
  if (!(await stat(path).catch(() => undefined))) return undefined;
  const { state } = await readMetadata(path);
  return state === undefined ? undefined : JSON.parse(state);
}

/**
 * Opens a checkpoint and checks it against its own SHA-256.
 * @throws TaurecError `bad-checkpoint` for a file of another format; `damaged-file`, `bad-safetensors`
 */
export async function openCheckpoint(path: string): Promise<Safetensors> {
  const { file, sound } = await readSafetensors(path, { signed: true });
  const { format } = file.metadata;
  if (format === FORMAT) await sound;
  else if (format !== UNSIGNED_FORMAT)
    throw new TaurecError('bad-checkpoint', { path, problem: `format ${format}, expected ${FORMAT}` });
  return file;
}

/** SHA-256 of the options that decide the numbers of a run. Left out: threads (results do not depend on them), engine and build (compared with the open engine), the interval of checkpoints, the type in which the model is stored, and the neighbour term, which is
 * chosen after the fit (but a refit needs the best epoch for it). */
export function configHash(config: TrainConfig): string {
  const {
    threads: _threads,
    engine: _engine,
    build: _build,
    checkpointEvery: _every,
    precision: _precision,
    neighbors,
    ...rest
  } = configToJson(config);
  const decisive = config.refit ? { ...rest, neighbors } : rest;
  return createHash('sha256')
    .update(JSON.stringify(sorted(decisive)))
    .digest('hex');
}

/** SHA-256 of the interactions themselves, since one file gives different data under another split, filter or weight. */
export function dataHash({ train, valid, negativeWeights }: TrainingData): string {
  const hash = createHash('sha256');
  for (const m of negativeWeights ? [train, valid, negativeWeights] : [train, valid]) {
    hash.update(JSON.stringify(m ? [m.rows, m.columns, m.values !== undefined] : null));
    for (const a of m ? [m.offsets, m.indices, m.values] : []) {
      if (a) for (const block of byteBlocks(a)) hash.update(block);
    }
  }
  return hash.digest('hex');
}

/** The arrays of the best epoch, where the run that wrote the checkpoint kept them. */
function bestArrays(tensors: Safetensors['tensors']): TrainedArrays | undefined {
  const arrays = [...tensors].filter(([name]) => name.startsWith(BEST));
  if (arrays.length === 0) return undefined;
  return Object.fromEntries(arrays.map(([name, tensor]) => [name.slice(BEST.length), tensor as Tensor<Float32Array>]));
}

function engineLabel(engine: Engine): string {
  return `${engine.name} ${engine.build}`;
}

/** The value with the keys of every object sorted, so that equal configurations have equal hashes. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, x]) => [key, sorted(x)]),
  );
}
