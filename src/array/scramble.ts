/** A bijection of 32-bit integers in which every input bit moves every output bit: what makes a counter hash of a counter. All products wrap at 32 bits. */
export function scramble(x: number): number {
  let h = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return h ^ (h >>> 16);
}
