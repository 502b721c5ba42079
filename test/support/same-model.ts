import { expect } from 'vitest';
import type { Matrix } from '../../src/array/matrix.ts';

/** Bit-equal embeddings. */
export function expectSameModel(
  got: { readonly users: Matrix; readonly items: Matrix },
  expected: { readonly users: Matrix; readonly items: Matrix },
): void {
  for (const table of ['users', 'items'] as const) {
    expect(bits(got[table]), table).toEqual(bits(expected[table]));
  }
}

/** True when some element differs. */
export function differs(a: Matrix, b: Matrix): boolean {
  return Buffer.compare(bits(a), bits(b)) !== 0;
}

function bits({ data }: Matrix): Buffer {
  return Buffer.from(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}
