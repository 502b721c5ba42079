/** Bytes of a block (256 MiB). A digest takes less than 2 GiB at once, Linux writes less than 2 GiB a call, and Node 20 has no byte array of 4 GiB. */
const BLOCK_BYTES = 1 << 28;

/** The bytes of an array in blocks, as views: an array may be larger than what takes its bytes. */
export function* byteBlocks({ buffer, byteOffset, byteLength }: ArrayBufferView): Generator<Uint8Array> {
  for (let at = 0; at < byteLength; at += BLOCK_BYTES) {
    yield new Uint8Array(buffer, byteOffset + at, Math.min(BLOCK_BYTES, byteLength - at));
  }
}

/** The bytes of an array, as a view. */
export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
