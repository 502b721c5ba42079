const IMPORTS = 2;
const MEMORY = 2;
/** Limits with a maximum, of a shared memory and of one that belongs to a single thread. */
const SHARED = 0x03;
const UNSHARED = 0x01;

/**
 * The same kernels over a memory that is not shared, which a web page gets without cross-origin isolation: a copy of a module whose first import is its memory, with the flag
 * "shared" of that import cleared. The kernels have no atomic instruction, and the code of both is the same to the byte.
 */
export function unsharedKernels(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  // Magic number and version take 8 bytes; then sections follow: a number, the length, the content.
  let at = 8;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (bytes[at++] !== IMPORTS) {
    const length = number();
    at += length;
  }
  // the length of the section and the number of imports
  number();
  number();
  for (let name = 0; name < 2; name++) {
    const length = number();
    at += length;
  }
  if (bytes[at] !== MEMORY || bytes[at + 1] !== SHARED)
    throw new TypeError('the first import of the kernels is not a shared memory');
  const copy = bytes.slice();
  copy[at + 1] = UNSHARED;
  return copy;
}
