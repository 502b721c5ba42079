import type { Loss } from '../../loss/loss.ts';
import type { Crew } from './crew.ts';
import { fusedLoss } from './fused-losses.ts';
import { ROW_BLOCK, type ThreadMemory, Word } from './memory.ts';
import { WasmRowContext } from './row-context.ts';
import { backwardRows, l2Weight } from './table-rows.ts';

/**
 * Phase one of a step on one thread: scores, loss, score gradients, gradients of the user embeddings. The threads divide the rows of the batch. A block of rows passes through
 * all parts before the next one, so that its scores stay in the cache.
 */
export class RowScoring {
  /** Seconds that this thread has spent on each part. */
  readonly seconds = { scores: 0, loss: 0, userGradients: 0 };
  private readonly memory: ThreadMemory;
  private readonly crew: Crew;
  private readonly loss: Loss;
  private readonly context: WasmRowContext;
  private readonly fusedEvaluate: ReturnType<typeof fusedLoss>;
  /** Addresses of this thread's parts: [ROW_BLOCK × scoreStride] scores, scores of one row's positives, and [n] weights of one row's negatives. */
  private readonly scoresAt: number;
  private readonly positivesAt: number;
  private readonly weightsAt: number;
  /** Views that stay the same while n does: scores by row of the block, score gradients by row of the batch, weights. */
  private n = -1;
  private scoreViews: Float32Array[] = [];
  private gradientViews: Float32Array[] = [];
  private weightsView: Float32Array = new Float32Array(0);
  private baseWeights: Float32Array | undefined;

  constructor(memory: ThreadMemory, crew: Crew, thread: number, threads: number, loss: Loss) {
    const { layout, plan } = memory;
    this.memory = memory;
    this.crew = crew;
    this.loss = loss;
    this.context = new WasmRowContext(memory, thread, threads);
    this.fusedEvaluate = fusedLoss(loss, {
      memory,
      result: layout.at.threadResult + thread * 64,
      scratch: layout.at.threadScratch + (layout.length.threadScratch / threads) * 4 * thread,
      scratchStride: plan.training!.capacity.negativesPerRow + 4,
    });
    this.scoresAt = layout.at.threadScores + (layout.length.threadScores / threads) * 4 * thread;
    this.positivesAt = layout.at.threadPositives + (layout.length.threadPositives / threads) * 4 * thread;
    this.weightsAt = layout.at.threadWeights + (layout.length.threadWeights / threads) * 4 * thread;
  }

  /** Takes blocks of rows until none is left: scores → loss → score gradients → gradients of the user embeddings. */
  scoreRows(): void {
    const { control, plan } = this.memory;
    const rows = control[Word.rows]!;
    this.prepareViews();
    const shared = plan.training!.capacity.shared;
    const block = shared ? ROW_BLOCK : 1;
    const tasks = Math.ceil(rows / block);
    for (let task = this.crew.nextTask(); task < tasks; task = this.crew.nextTask()) {
      const from = task * block;
      if (shared) this.scoreBlock(from, Math.min(rows, from + block));
      else this.scorePair(from);
    }
  }

  /** A block of rows against the shared pool: two matrix products around the losses. */
  private scoreBlock(from: number, to: number): void {
    const { control, kernels, layout, ints } = this.memory;
    const { at, stride, scoreStride } = layout;
    const n = control[Word.negatives]!;
    const bytes = stride * 4;
    const started = performance.now();
    // scores [rows × n] = users [rows × d] · pool [d × n], the pool in panels
    kernels.product({
      a: at.packedUsers + from * bytes,
      aRow: bytes,
      aColumn: 4,
      b: at.panels,
      bRow: 32,
      bTile: stride * 32,
      c: this.scoresAt,
      cRow: scoreStride * 4,
      m: to - from,
      n: (n + 3) & ~3,
      k: stride,
      accumulate: false,
    });
    const scored = performance.now();
    const { positiveGradients } = at;
    const offsets = at.positiveOffsets >>> 2;
    for (let row = from; row < to; row++) {
      const first = ints[offsets + row]!;
      const count = ints[offsets + row + 1]! - first;
      kernels.gatherDots(
        at.packedUsers + row * bytes,
        at.packedItems,
        bytes,
        stride,
        at.entrySlots + first * 4,
        count,
        this.positivesAt,
      );
      this.evaluate(row, row - from, first, count, this.positivesAt, positiveGradients + first * 4);
    }
    const lost = performance.now();
    // user gradients [rows × d] = score gradients [rows × n] · pool [n × d]; pool item j is packed item j
    kernels.product({
      a: at.scoreGradients + from * scoreStride * 4,
      aRow: scoreStride * 4,
      aColumn: 4,
      b: at.packedItems,
      bRow: bytes,
      bTile: 32,
      c: at.rowGradients + from * bytes,
      cRow: bytes,
      m: to - from,
      n: stride,
      k: n,
      accumulate: false,
    });
    for (let row = from; row < to; row++) {
      const first = ints[offsets + row]!;
      const count = ints[offsets + row + 1]! - first;
      kernels.gatherSum(
        at.rowGradients + row * bytes,
        at.packedItems,
        bytes,
        stride,
        at.entrySlots + first * 4,
        positiveGradients + first * 4,
        0,
        count,
      );
    }
    // rowWeight · user: the factor that the item gradients of phase two need
    kernels.scaleRows(at.packedUsers, at.weightedUsers, bytes, stride, at.rowWeights, from, to);
    backwardRows(this.memory, 'users', from, to, {
      packed: at.packedUsers,
      norms: at.userNorms,
      gradients: at.rowGradients,
      scales: at.rowWeights,
      l2: l2Weight(this.memory),
    });
    this.clock(started, scored, lost);
  }

  /** One row of a pair batch: its entries are its own n negatives and, as the last entry, its positive. */
  private scorePair(row: number): void {
    const { control, kernels, layout, ints } = this.memory;
    const { at, stride, scoreStride } = layout;
    const n = control[Word.negatives]!;
    const bytes = stride * 4;
    const slot = ints[(at.userSlotOfRow >>> 2) + row]!;
    const packed = at.packedUsers + slot * bytes;
    const entries = at.entrySlots + row * (n + 1) * 4;
    const started = performance.now();
    kernels.gatherDots(packed, at.packedItems, bytes, stride, entries, n + 1, this.scoresAt);
    const scored = performance.now();
    const gradients = at.scoreGradients + row * scoreStride * 4;
    this.evaluate(row, 0, row, 1, this.scoresAt + n * 4, gradients + n * 4);
    const lost = performance.now();
    const target = at.rowGradients + row * bytes;
    this.memory.floats.fill(0, target >>> 2, (target >>> 2) + stride);
    kernels.gatherSum(target, at.packedItems, bytes, stride, entries, gradients, 0, n + 1);
    // packed users lie by slot, row gradients by row: shifted addresses let the kernels use the row for both
    const shift = slot - row;
    kernels.scaleRows(at.packedUsers + shift * bytes, at.weightedUsers, bytes, stride, at.rowWeights, row, row + 1);
    backwardRows(this.memory, 'users', row, row + 1, {
      packed: at.packedUsers + shift * bytes,
      norms: at.userNorms + shift * 4,
      gradients: at.rowGradients,
      scales: at.rowWeights,
    });
    this.clock(started, scored, lost);
  }

  /**
   * Evaluates the loss of one row: its value goes to rowValues, its derivatives to the score gradients. `blockRow` is the row's place in the block of scores; its
   * `count` positives begin at entry `first` of the batch.
   */
  private evaluate(
    row: number,
    blockRow: number,
    first: number,
    count: number,
    positivesAt: number,
    positiveGradientsAt: number,
  ): void {
    const { control, doubles, floats, ints, layout } = this.memory;
    const { at } = layout;
    const maskFrom = ints[(at.maskOffsets >>> 2) + row]!;
    const maskTo = ints[(at.maskOffsets >>> 2) + row + 1]!;
    const masked = at.masked >>> 2;
    if (control[Word.hasMaskWeights]) {
      const maskWeights = at.maskWeights >>> 2;
      for (let e = maskFrom; e < maskTo; e++) this.weightsView[ints[masked + e]!]! *= floats[maskWeights + e]!;
    } else for (let e = maskFrom; e < maskTo; e++) this.weightsView[ints[masked + e]!] = 0;
    const scores = {
      positives: view(floats, positivesAt, count),
      negatives: this.scoreViews[blockRow]!,
      positiveWeights: control[Word.hasPositiveWeights]
        ? view(floats, at.positiveWeights + first * 4, count)
        : undefined,
      negativeWeights: maskTo > maskFrom ? this.weightsView : this.baseWeights,
    };
    const gradients = { positives: view(floats, positiveGradientsAt, count), negatives: this.gradientViews[row]! };
    const context = this.contextOf(row, first, count);
    const value = this.fusedEvaluate
      ? this.fusedEvaluate(scores, gradients, context)
      : this.loss.evaluate(scores, gradients, context);
    doubles[(at.rowValues >>> 3) + row] = value;
    // undo the row's masks: the next row starts from the batch's weights
    for (let e = maskFrom; e < maskTo; e++) {
      const position = ints[masked + e]!;
      this.weightsView[position] = this.baseWeights ? this.baseWeights[position]! : 1;
    }
  }

  /** True if the loss runs in a dedicated kernel. */
  get fused(): boolean {
    return this.fusedEvaluate !== undefined;
  }

  /** The thread's context, pointed at a row. */
  private contextOf(row: number, first: number, count: number): WasmRowContext {
    this.context.setRow(row, first, count);
    return this.context;
  }

  /** Prepares the views of a step's rows; creating views is slow, so they are renewed only when n changes. Sets the weights to those of the batch. */
  private prepareViews(): void {
    const { control, floats, layout, plan } = this.memory;
    const { at, scoreStride } = layout;
    const n = control[Word.negatives]!;
    if (n !== this.n) {
      this.n = n;
      const rows = plan.training!.capacity.rows;
      const stride = plan.training!.capacity.shared ? scoreStride : 0;
      this.scoreViews = Array.from({ length: ROW_BLOCK }, (_, r) => view(floats, this.scoresAt + r * stride * 4, n));
      this.gradientViews = Array.from({ length: rows }, (_, r) =>
        view(floats, at.scoreGradients + r * scoreStride * 4, n),
      );
      this.weightsView = view(floats, this.weightsAt, n);
    }
    this.baseWeights = control[Word.hasNegativeWeights] ? view(floats, at.negativeWeights, n) : undefined;
    if (this.baseWeights) this.weightsView.set(this.baseWeights);
    else this.weightsView.fill(1);
  }

  /** Adds the parts of one block to `seconds`; times are in milliseconds. */
  private clock(started: number, scored: number, lost: number): void {
    this.seconds.scores += (scored - started) / 1000;
    this.seconds.loss += (lost - scored) / 1000;
    this.seconds.userGradients += (performance.now() - lost) / 1000;
  }
}

/** The floats at a byte address. */
function view(floats: Float32Array, address: number, length: number): Float32Array {
  return floats.subarray(address >>> 2, (address >>> 2) + length);
}
