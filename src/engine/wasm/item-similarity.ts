import { SIMILARITY_BLOCK } from './loss-regions.ts';
import { type ThreadMemory, Word } from './memory.ts';

/** The least divisor of a normalisation, as everywhere: a row of zeros is similar to nothing. */
const LEAST_NORM = 1e-12;

/**
 * Cosines of a row's positives with its negatives, on one thread. In user batches by the dense product, for a block of positives at a time; in pair batches, where
 * each row has negatives of its own, by gathered dot products. Embeddings are taken as they are scored: normalised for cosines, else divided by their norms here.
 */
export class ItemSimilarity {
  private readonly memory: ThreadMemory;
  private readonly out: number;
  private readonly rowsAt: number;
  private row = 0;
  private first = 0;
  private count = 0;
  /** The block of positives whose similarities `out` holds. */
  private block = -1;

  constructor(memory: ThreadMemory, thread: number, threads: number) {
    const { at, length } = memory.layout;
    this.memory = memory;
    this.out = at.threadSimilarity + (length.threadSimilarity / threads) * 4 * thread;
    this.rowsAt = at.threadSimilarRows + (length.threadSimilarRows / threads) * 4 * thread;
  }

  setRow(row: number, first: number, count: number): void {
    this.row = row;
    this.first = first;
    this.count = count;
    this.block = -1;
  }

  /** The cosines of positive `positive` of the row. */
  of(positive: number): Float32Array {
    const { control, floats, layout, plan } = this.memory;
    const n = control[Word.negatives]!;
    const block = Math.floor(positive / SIMILARITY_BLOCK);
    if (block !== this.block) {
      if (plan.training!.capacity.shared) this.shared(block, n);
      else this.pair(n);
      this.block = block;
    }
    const from = (this.out >>> 2) + (positive - block * SIMILARITY_BLOCK) * layout.scoreStride;
    return floats.subarray(from, from + n);
  }

  private shared(block: number, n: number): void {
    const { floats, ints, kernels, layout } = this.memory;
    const { at, stride, scoreStride } = layout;
    const bytes = stride * 4;
    const entries = (at.entrySlots >>> 2) + this.first + block * SIMILARITY_BLOCK;
    const rows = Math.min(SIMILARITY_BLOCK, this.count - block * SIMILARITY_BLOCK);
    for (let p = 0; p < rows; p++) {
      const packed = (at.packedItems >>> 2) + ints[entries + p]! * stride;
      floats.copyWithin((this.rowsAt >>> 2) + p * stride, packed, packed + stride);
    }
    kernels.product(
      this.rowsAt, bytes, 4, at.panels, 32, stride * 32, this.out, scoreStride * 4,
      rows, (n + 3) & ~3, stride, false,
    ); // biome-ignore format: arguments as the kernel has them
    if (layout.length.inverseNorms === 0) return;
    for (let p = 0; p < rows; p++) {
      // the pool has the slots 0 … n − 1
      this.divide((this.out >>> 2) + p * scoreStride, ints[entries + p]!, n, (j) => j);
    }
  }

  private pair(n: number): void {
    const { ints, kernels, layout } = this.memory;
    const { at, stride } = layout;
    const entries = at.entrySlots + this.row * (n + 1) * 4;
    const slot = ints[(entries >>> 2) + n]!;
    kernels.gatherDots(at.packedItems + slot * stride * 4, at.packedItems, stride * 4, stride, entries, n, this.out);
    if (layout.length.inverseNorms > 0) this.divide(this.out >>> 2, slot, n, (j) => ints[(entries >>> 2) + j]!);
  }

  private divide(values: number, slot: number, n: number, slotOf: (j: number) => number): void {
    const { floats, layout } = this.memory;
    const inverse = layout.at.inverseNorms >>> 2;
    const own = floats[inverse + slot]!;
    for (let j = 0; j < n; j++) floats[values + j]! *= own * floats[inverse + slotOf(j)]!;
  }
}

/** Coordinator, once a step, where similarities are asked for under inner products: the inverse norms of the batch's items as they are scored. */
export function invertNorms({ control, floats, layout }: ThreadMemory): void {
  const { at, stride } = layout;
  for (let slot = 0; slot < control[Word.slots]!; slot++) {
    const from = (at.packedItems >>> 2) + slot * stride;
    let squares = 0;
    for (let c = from; c < from + stride; c++) squares += floats[c]! * floats[c]!;
    floats[(at.inverseNorms >>> 2) + slot] = 1 / Math.max(Math.sqrt(squares), LEAST_NORM);
  }
}
