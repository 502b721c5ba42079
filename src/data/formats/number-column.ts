const blockLength = 1 << 16;

/** A growing column of doubles, kept in blocks: growing copies nothing. */
export class NumberColumn {
  private readonly blocks: Float64Array[] = [];
  length = 0;

  push(value: number): void {
    const within = this.length % blockLength;
    if (within === 0) this.blocks.push(new Float64Array(blockLength));
    this.blocks[this.blocks.length - 1]![within] = value;
    this.length++;
  }

  /** Moves the values into `target`, which has `length` places. The column is empty afterwards. */
  moveTo<T extends Float64Array | Float32Array | Int32Array>(target: T): T {
    for (let at = 0; this.blocks.length > 0; at += blockLength) {
      const block = this.blocks.shift()!;
      target.set(block.subarray(0, Math.min(blockLength, this.length - at)), at);
    }
    this.length = 0;
    return target;
  }
}
