/** Zeros in shared memory, which worker threads read without a copy. A web page that is not cross-origin isolated has neither shared memory nor worker threads; there the memory is ordinary. */
export const sharedInt32 = (length: number): Int32Array => new Int32Array(sharedBytes(length * 4));
/** Zeros in shared memory, like `sharedInt32`. */
export const sharedFloat32 = (length: number): Float32Array => new Float32Array(sharedBytes(length * 4));

/** A buffer of `length` bytes, all 0; shared where the platform allows it. */
export const sharedBytes = (length: number): ArrayBufferLike =>
  typeof SharedArrayBuffer === 'undefined' ? new ArrayBuffer(length) : new SharedArrayBuffer(length);
