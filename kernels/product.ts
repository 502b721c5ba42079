import { madd } from './vector';

// The matrix product, which most of a training step and of ranking is: scores (users × d times d × items), user gradients and item gradients.

/**
 * Part of the inner dimension that is done at a time. A strip of one tile of B has 128 rows × 8 columns × 4 bytes = 4 KiB and stays in the first-level cache
 * while all m rows of A pass over it.
 */
const STRIP: i32 = 128;

/**
 * C[m × n] = A[m × k] · B[k × n], added to C when `accumulate`; n is a multiple of 4. Strides are in bytes; C is row-major with stride cRow.
 * Element (i, p) of A lies at a + i·aRow + p·aColumn: aColumn = 4 reads A as it lies, aRow = 4 reads it transposed.
 * B is read in tiles of 8 columns: tile t begins at b + t·bTile, and its row p lies p·bRow after that (row-major B: bTile = 32; packed panels: bRow = 32).
 * Loop order: strips of k, tiles of 8 columns, tiles of 4 rows, then p inside a tile. Between strips the sums rest in C.
 * Every element of C is one chain of multiply-adds with p ascending, whatever the tiles: results do not depend on how threads divide the rows.
 */
export function product(
  a: usize, aRow: i32, aColumn: i32,
  b: usize, bRow: i32, bTile: i32,
  c: usize, cRow: i32,
  m: i32, n: i32, k: i32, accumulate: bool,
): void {
  for (let p = 0; p < k; p += STRIP) {
    const depth = min(STRIP, k - p);
    // the first strip may overwrite C; later ones continue its sums
    const more = accumulate || p > 0;
    let j = 0;
    for (; j + 8 <= n; j += 8) {
      const bTileAt = b + (j >> 3) * bTile + p * bRow;
      let i = 0;
      for (; i + 4 <= m; i += 4) tile4x2(a + i * aRow + p * aColumn, aRow, aColumn, bTileAt, bRow, c + i * cRow + (j << 2), cRow, depth, more);
      for (; i < m; i++) tile1x2(a + i * aRow + p * aColumn, aRow, aColumn, bTileAt, bRow, c + i * cRow + (j << 2), cRow, depth, more);
    }
    // n mod 8 = 4: half a tile remains
    if (j < n) {
      const bTileAt = b + (j >> 3) * bTile + p * bRow;
      for (let i = 0; i < m; i++) tile1x1(a + i * aRow + p * aColumn, aRow, aColumn, bTileAt, bRow, c + i * cRow + (j << 2), cRow, depth, more);
    }
  }
}

/**
 * A tile of C of 4 rows × 8 columns: C[4 × 8] (+)= A[4 × k] · B[k × 8]. The size comes from the 16 vector registers of x86-64 and from V8, which loads the elements of A
 * of all rows before the first multiply-add: 8 sums (4 rows × 2 vectors of 4 columns), 2 vectors of B and 4 elements of A, each repeated in four lanes, take 14. Six rows
 * would take 20, and sums would go through memory. An iteration does 8 multiply-adds for 6 loads; 8 independent chains fill two units with a latency of 4 cycles.
 */
// @ts-ignore: decorator
@inline
function tile4x2(a: usize, aRow: i32, aColumn: i32, b: usize, bRow: i32, c: usize, cRow: i32, k: i32, accumulate: bool): void {
  let c00 = accumulate ? v128.load(c) : f32x4.splat(0);
  let c01 = accumulate ? v128.load(c, 16) : f32x4.splat(0);
  let c10 = accumulate ? v128.load(c + cRow) : f32x4.splat(0);
  let c11 = accumulate ? v128.load(c + cRow, 16) : f32x4.splat(0);
  let c20 = accumulate ? v128.load(c + 2 * cRow) : f32x4.splat(0);
  let c21 = accumulate ? v128.load(c + 2 * cRow, 16) : f32x4.splat(0);
  let c30 = accumulate ? v128.load(c + 3 * cRow) : f32x4.splat(0);
  let c31 = accumulate ? v128.load(c + 3 * cRow, 16) : f32x4.splat(0);
  for (let i = 0; i < k; i++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load32_splat(a);
    c00 = madd(x, b0, c00);
    c01 = madd(x, b1, c01);
    x = v128.load32_splat(a + aRow);
    c10 = madd(x, b0, c10);
    c11 = madd(x, b1, c11);
    x = v128.load32_splat(a + 2 * aRow);
    c20 = madd(x, b0, c20);
    c21 = madd(x, b1, c21);
    x = v128.load32_splat(a + 3 * aRow);
    c30 = madd(x, b0, c30);
    c31 = madd(x, b1, c31);
    a += aColumn;
    b += bRow;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  v128.store(c + cRow, c10);
  v128.store(c + cRow, c11, 16);
  v128.store(c + 2 * cRow, c20);
  v128.store(c + 2 * cRow, c21, 16);
  v128.store(c + 3 * cRow, c30);
  v128.store(c + 3 * cRow, c31, 16);
}

/** 1 row × 8 columns, for the last m mod 4 rows; each element has the same chain of sums as in tile4x2. */
// @ts-ignore: decorator
@inline
function tile1x2(a: usize, aRow: i32, aColumn: i32, b: usize, bRow: i32, c: usize, cRow: i32, k: i32, accumulate: bool): void {
  let c00 = accumulate ? v128.load(c) : f32x4.splat(0);
  let c01 = accumulate ? v128.load(c, 16) : f32x4.splat(0);
  for (let i = 0; i < k; i++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load32_splat(a);
    c00 = madd(x, b0, c00);
    c01 = madd(x, b1, c01);
    a += aColumn;
    b += bRow;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
}

/** 1 row × 4 columns, for the last four columns where n mod 8 = 4. */
// @ts-ignore: decorator
@inline
function tile1x1(a: usize, aRow: i32, aColumn: i32, b: usize, bRow: i32, c: usize, cRow: i32, k: i32, accumulate: bool): void {
  let c00 = accumulate ? v128.load(c) : f32x4.splat(0);
  for (let i = 0; i < k; i++) {
    const b0 = v128.load(b);
    let x = v128.load32_splat(a);
    c00 = madd(x, b0, c00);
    a += aColumn;
    b += bRow;
  }
  v128.store(c, c00);
}
