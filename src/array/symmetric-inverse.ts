/** Columns that one sweep eliminates. Two packed groups of 4 rows, 4 KiB each, stay in the first cache. */
const BLOCK = 128;

/** Bytes of working memory that the inverse of an n × n matrix takes beside the matrix itself. */
export function inverseWorkingBytes(n: number): number {
  return 8 * (2 * BLOCK * paddedTo4(n) + BLOCK * BLOCK);
}

/**
 * Inverts a symmetric positive definite matrix in place, in n³/2 multiplications and additions. Only the lower triangle is read; the result fills both.
 *
 * Each step sweeps a block K of columns out of the matrix: A_RR − A_RK·D·A_KR, A_RK·D and −D take the places of A_RR, A_RK and A_KK, where D = A_KK⁻¹ and R is
 * the rest. After all blocks A is −A⁻¹. Source: Goodnight, The American Statistician 1979.
 * @param a [n × n] by rows.
 * @returns a generator that yields the finished share of the work, about every tenth of a second; its value is false if a pivot was not positive, so that
 * the matrix is not positive definite in double precision. Its content is then undefined.
 */
export function* invertPositiveDefinite(a: Float64Array, n: number): Generator<number, boolean> {
  // X = A_RK and Y = A_RK·D, [n / 4][BLOCK][4]: the kernel reads 4 rows of a column at once. The rows of K and the rows that pad n are 0.
  const x = new Float64Array(paddedTo4(n) * BLOCK);
  const y = new Float64Array(x.length);
  const d = new Float64Array(BLOCK * BLOCK);
  for (let start = 0; start < n; start += BLOCK) {
    const width = Math.min(BLOCK, n - start);
    if (!invertBlock(a, n, start, width, d)) return false;
    pack(a, n, start, width, x);
    multiply(x, d, width, n, y);
    for (let row = 0; row < n; row += BLOCK) {
      subtractProducts(a, n, row, Math.min(n, row + BLOCK), x, y, width);
      yield (start + (width * row) / n) / n;
    }
    unpack(a, n, start, width, y, d);
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const value = -a[i * n + j]!;
      a[i * n + j] = value;
      a[j * n + i] = value;
    }
  }
  return true;
}

/** The next multiple of 4. */
const paddedTo4 = (n: number) => 4 * Math.ceil(n / 4);

/** The place of row i, column t in X and Y. */
const placeOf = (i: number, t: number) => ((i >> 2) * BLOCK + t) * 4 + (i & 3);

/** D [width × width] = A_KK⁻¹, by sweeps of single columns. False if a pivot is not positive. */
function invertBlock(a: Float64Array, n: number, start: number, width: number, d: Float64Array): boolean {
  for (let i = 0; i < width; i++) {
    for (let j = 0; j <= i; j++) {
      d[i * width + j] = a[(start + i) * n + start + j]!;
      d[j * width + i] = d[i * width + j]!;
    }
  }
  for (let k = 0; k < width; k++) {
    const pivot = d[k * width + k]!;
    if (!(pivot > 0 && pivot < Number.POSITIVE_INFINITY)) return false;
    for (let i = 0; i < width; i++) {
      if (i === k) continue;
      const factor = d[i * width + k]! / pivot;
      for (let j = 0; j < width; j++) if (j !== k) d[i * width + j]! -= factor * d[k * width + j]!;
    }
    for (let i = 0; i < width; i++) {
      d[i * width + k]! /= pivot;
      if (i !== k) d[k * width + i] = d[i * width + k]!;
    }
    d[k * width + k] = -1 / pivot;
  }
  for (let e = 0; e < width * width; e++) d[e] = -d[e]!;
  return true;
}

/** X = A_RK, from the lower triangle. */
function pack(a: Float64Array, n: number, start: number, width: number, x: Float64Array): void {
  x.fill(0);
  for (let t = 0; t < width; t++) {
    for (let i = 0; i < start; i++) x[placeOf(i, t)] = a[(start + t) * n + i]!;
  }
  for (let i = start + width; i < n; i++) {
    for (let t = 0; t < width; t++) x[placeOf(i, t)] = a[i * n + start + t]!;
  }
}

/** Y = X·D. D is symmetric. */
function multiply(x: Float64Array, d: Float64Array, width: number, n: number, y: Float64Array): void {
  for (let from = 0; from < paddedTo4(n) * BLOCK; from += 4 * BLOCK) {
    for (let t = 0; t < width; t++) {
      let y0 = 0;
      let y1 = 0;
      let y2 = 0;
      let y3 = 0;
      for (let s = 0, p = from; s < width; s++, p += 4) {
        const factor = d[t * width + s]!;
        y0 += x[p]! * factor;
        y1 += x[p + 1]! * factor;
        y2 += x[p + 2]! * factor;
        y3 += x[p + 3]! * factor;
      }
      const at = from + 4 * t;
      y[at] = y0;
      y[at + 1] = y1;
      y[at + 2] = y2;
      y[at + 3] = y3;
    }
  }
}

/** A −= X·Yᵀ in the rows [from, to) of the lower triangle; `from` is a multiple of 4. */
function subtractProducts(
  a: Float64Array,
  n: number,
  from: number,
  to: number,
  x: Float64Array,
  y: Float64Array,
  width: number,
): void {
  for (let j = 0; j < to; j += 4) {
    for (let i = Math.max(from, j); i < to; i += 4) {
      if (i + 4 <= n) subtractTile(a, n, i * n + j, x, i * BLOCK, y, j * BLOCK, width);
      else subtractEdge(a, n, i, j, x, y, width);
    }
  }
}

/**
 * Subtracts a tile of 4 × 4 products; 16 sums in registers make this the fast path. A tile on the diagonal also writes above it, where nothing is read.
 * @param at the place of the tile's first element in a; xAt and yAt are those of its rows in X and Y.
 */
function subtractTile(
  a: Float64Array,
  n: number,
  at: number,
  x: Float64Array,
  xAt: number,
  y: Float64Array,
  yAt: number,
  width: number,
): void {
  let [s00, s01, s02, s03] = [0, 0, 0, 0];
  let [s10, s11, s12, s13] = [0, 0, 0, 0];
  let [s20, s21, s22, s23] = [0, 0, 0, 0];
  let [s30, s31, s32, s33] = [0, 0, 0, 0];
  for (let t = 0, p = xAt, q = yAt; t < width; t++, p += 4, q += 4) {
    const y0 = y[q]!;
    const y1 = y[q + 1]!;
    const y2 = y[q + 2]!;
    const y3 = y[q + 3]!;
    let xi = x[p]!;
    s00 += xi * y0;
    s01 += xi * y1;
    s02 += xi * y2;
    s03 += xi * y3;
    xi = x[p + 1]!;
    s10 += xi * y0;
    s11 += xi * y1;
    s12 += xi * y2;
    s13 += xi * y3;
    xi = x[p + 2]!;
    s20 += xi * y0;
    s21 += xi * y1;
    s22 += xi * y2;
    s23 += xi * y3;
    xi = x[p + 3]!;
    s30 += xi * y0;
    s31 += xi * y1;
    s32 += xi * y2;
    s33 += xi * y3;
  }
  subtractRow(a, at, s00, s01, s02, s03);
  subtractRow(a, at + n, s10, s11, s12, s13);
  subtractRow(a, at + 2 * n, s20, s21, s22, s23);
  subtractRow(a, at + 3 * n, s30, s31, s32, s33);
}

function subtractRow(a: Float64Array, at: number, s0: number, s1: number, s2: number, s3: number): void {
  a[at]! -= s0;
  a[at + 1]! -= s1;
  a[at + 2]! -= s2;
  a[at + 3]! -= s3;
}

/** The same for the last rows, where fewer than 4 are left. */
function subtractEdge(
  a: Float64Array,
  n: number,
  i0: number,
  j0: number,
  x: Float64Array,
  y: Float64Array,
  width: number,
): void {
  for (let i = i0; i < n; i++) {
    for (let j = j0; j < Math.min(j0 + 4, i + 1); j++) {
      let sum = 0;
      for (let t = 0; t < width; t++) sum += x[placeOf(i, t)]! * y[placeOf(j, t)]!;
      a[i * n + j]! -= sum;
    }
  }
}

/** Writes A_RK = Y and A_KK = −D into the lower triangle. */
function unpack(a: Float64Array, n: number, start: number, width: number, y: Float64Array, d: Float64Array): void {
  for (let t = 0; t < width; t++) {
    for (let i = 0; i < start; i++) a[(start + t) * n + i] = y[placeOf(i, t)]!;
    for (let s = 0; s <= t; s++) a[(start + t) * n + start + s] = -d[t * width + s]!;
  }
  for (let i = start + width; i < n; i++) {
    for (let t = 0; t < width; t++) a[i * n + start + t] = y[placeOf(i, t)]!;
  }
}
