/** Typed arrays over shared memory, so that worker threads read them without a copy. A page that is not cross-origin isolated has none, and no worker threads either: there they are plain. */
export const sharedInt32 = (length: number): Int32Array => new Int32Array(sharedBytes(length * 4));
export const sharedFloat32 = (length: number): Float32Array => new Float32Array(sharedBytes(length * 4));

/** A buffer of so many bytes, all 0. */
export const sharedBytes = (length: number): ArrayBufferLike =>
  typeof SharedArrayBuffer === 'undefined' ? new ArrayBuffer(length) : new SharedArrayBuffer(length);
