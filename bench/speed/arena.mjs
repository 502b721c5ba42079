import { randomStream } from '../../dist/array/random.js';

/** One thread's part of the shared memory: hands out pieces of whole cache lines, filled with random numbers of a seed. */
export class Arena {
  /**
   * @param {WebAssembly.Memory} memory
   * @param {number} from First byte; not 0, which kernels read as "absent".
   * @param {number} seed
   */
  constructor(memory, from, seed) {
    this.buffer = memory.buffer;
    this.next = from;
    this.random = randomStream(seed, 'bench');
  }

  /** @param {number} bytes @returns {number} An address. */
  take(bytes) {
    const address = this.next;
    this.next += Math.ceil(bytes / 64) * 64;
    if (this.next > this.buffer.byteLength) throw new Error('the arena is full');
    return address;
  }

  /**
   * Normal deviates.
   * @param {number} count
   * @param {number} [deviation]
   */
  normals(count, deviation = 1) {
    const floats = this.floats(count);
    // 1,021 different numbers are enough, and drawing all of them would take longer than the kernels
    const few = Float32Array.from({ length: 1021 }, () => deviation * this.random.normal());
    for (let i = 0; i < count; i++) floats[i] = few[i % 1021];
    return floats.byteOffset;
  }

  /**
   * Whole numbers below `bound`.
   * @param {number} count
   * @param {number} bound
   */
  integers(count, bound) {
    const integers = new Int32Array(this.buffer, this.take(count * 4), count);
    for (let i = 0; i < count; i++) integers[i] = this.random.integer(bound);
    return integers.byteOffset;
  }

  /** @param {number} count */
  floats(count) {
    return new Float32Array(this.buffer, this.take(count * 4), count);
  }

  /** @param {number} count */
  doubles(count) {
    return new Float64Array(this.buffer, this.take(count * 8), count);
  }
}
