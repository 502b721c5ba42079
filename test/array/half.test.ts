import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FiniteSearch } from '../../src/array/finite.ts';
import { HALF_OVERFLOW, halfValues, LARGEST_HALF, narrow, widen } from '../../src/array/half.ts';
import { copyRows, type HalfMatrix, halfMatrix, rounded, rowFrom, widened } from '../../src/array/half-matrix.ts';
import { type Matrix, matrix, row } from '../../src/array/matrix.ts';
import '../support/property-seed.ts';

const narrowed = (values: readonly number[]) => {
  const bits = new Uint16Array(values.length);
  narrow(Float32Array.from(values), bits);
  return bits;
};

/** The finite values, ascending, without −0. */
const finite = Array.from(halfValues().subarray(0, 0x7c00)).flatMap((x) => (x === 0 ? [0] : [x, -x]));
finite.sort((a, b) => a - b);

describe('16-bit floats', () => {
  it('every finite value is that of its bits, and comes back', () => {
    const all = halfValues();
    const wrong = Array.from(all).filter((value, bits) => {
      const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
      const size = exponent ? 2 ** (exponent - 25) * (1024 + fraction) : fraction * 2 ** -24;
      return exponent < 31 && !Object.is(value, bits >> 15 ? -size : size);
    });
    expect(wrong).toEqual([]);
    expect([all[0x7c00], all[0xfc00], all[0x7e00]]).toEqual([Infinity, -Infinity, Number.NaN]);
    const finiteBits = Uint16Array.from({ length: 1 << 16 }, (_, bits) => bits).filter(
      (bits) => (bits & 0x7c00) < 0x7c00,
    );
    const values = new Float32Array(finiteBits.length);
    widen(finiteBits, values);
    expect(narrowed(Array.from(values))).toEqual(finiteBits);
  });

  it('a float becomes the nearest value, of two equally near ones that with an even fraction', () => {
    const near = fc.oneof(
      fc.float({ noNaN: true, noDefaultInfinity: true, max: Math.fround(65519), min: Math.fround(-65519) }),
      fc.float({ noNaN: true, min: Math.fround(-1e-4), max: Math.fround(1e-4) }),
      // halfway between two neighbours, exactly and nearly
      fc.tuple(fc.nat(0x7bfe), fc.constantFrom(-1, 0, 1), fc.boolean()).map(([bits, off, minus]) => {
        const middle = (halfValues()[bits]! + halfValues()[bits + 1]!) / 2;
        return Math.fround((minus ? -1 : 1) * middle * (1 + off * 2 ** -22));
      }),
    );
    fc.assert(
      fc.property(near, (x) => {
        const [bits] = narrowed([x]);
        const value = halfValues()[bits!]!;
        let low = 0;
        let high = finite.length - 1;
        while (high - low > 1) {
          const middle = (low + high) >> 1;
          if (finite[middle]! <= x) low = middle;
          else high = middle;
        }
        const distance = Math.min(Math.abs(finite[low]! - x), Math.abs(finite[high]! - x));
        expect(Math.abs(value - x)).toBe(distance);
        if (Math.abs(finite[low]! - x) === Math.abs(finite[high]! - x) && low !== high) expect(bits! & 1).toBe(0);
        expect(Math.sign(value) * Math.sign(x)).not.toBe(-1);
      }),
    );
  });

  it('ends at 65,504; from 65,520 on a magnitude is infinite; NaN stays', () => {
    const below = 65519.99609375;
    expect(
      Array.from(narrowed([LARGEST_HALF, below, HALF_OVERFLOW, -HALF_OVERFLOW, 1e30, Infinity, Number.NaN, -0])),
    ).toEqual([0x7bff, 0x7bff, 0x7c00, 0xfc00, 0x7c00, 0x7c00, 0x7e00, 0x8000]);
  });
});

describe('matrices of 16-bit floats', () => {
  const paneled = (m: Matrix): HalfMatrix => {
    const stride = (m.columns + 3) & ~3;
    const to: HalfMatrix = {
      ...{ rows: m.rows, columns: m.columns, stride, panel: 8 },
      data: new Uint16Array(Math.ceil(m.rows / 8) * 8 * stride),
    };
    copyRows(m, to);
    return to;
  };
  const tables = fc
    .tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 3 }))
    .chain(([rows, columns, padding]) =>
      fc
        .array(
          fc.integer({ min: -1024, max: 1024 }).map((x) => x / 64),
          { minLength: rows * columns, maxLength: rows * columns },
        )
        .map((values) => {
          const m = matrix(rows, columns, new Float32Array(rows * (columns + padding)), columns + padding);
          for (let r = 0; r < rows; r++) row(m, r).set(values.slice(r * columns, (r + 1) * columns));
          return m;
        }),
    );

  it('rows come back from any layout, through any copy', () => {
    fc.assert(
      fc.property(tables, (m) => {
        const [plain, panels] = [rounded(m), paneled(m)];
        const copies = [plain, panels, widened(plain), widened(panels)];
        for (const from of [plain, panels]) {
          const half = halfMatrix(m.rows, m.columns);
          copyRows(from, half);
          copies.push(half, paneled(widened(from)));
        }
        for (const copy of copies) for (let r = 0; r < m.rows; r++) expect(rowFrom(copy, r)).toEqual(row(m, r));
      }),
    );
  });
});

it('finds the first float that is not finite, however the buffer is filled', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(1, Infinity, Number.NaN, -2), { maxLength: 6 }),
      fc.array(fc.constantFrom(0x3c00, 0x7c00, 0xfe00, 0x8000), { maxLength: 7 }),
      fc.boolean(),
      fc.array(fc.nat(40)),
      (floats, halves, halvesFirst, cuts) => {
        const [floatBytes, halfBytes] = [floats.length * 4, halves.length * 2];
        // halves first: the floats may then lie at no multiple of 4
        const [floatsAt, halvesAt] = halvesFirst ? [halfBytes, 0] : [0, floatBytes];
        const data = new SharedArrayBuffer(floatBytes + halfBytes);
        const view = new DataView(data);
        for (const [i, x] of floats.entries()) view.setFloat32(floatsAt + i * 4, x, true);
        for (const [i, bits] of halves.entries()) view.setUint16(halvesAt + i * 2, bits, true);
        const search = new FiniteSearch([
          { name: 'f', type: 'F32', begin: floatsAt, end: floatsAt + floatBytes, buffer: data, at: floatsAt },
          { name: 'h', type: 'F16', begin: halvesAt, end: halvesAt + halfBytes, buffer: data, at: halvesAt },
        ]);
        for (const end of cuts.sort((a, b) => a - b)) if (end < data.byteLength) search.advance(end);
        search.advance(data.byteLength);
        const bad = [
          ...floats.flatMap((x, i) => (Number.isFinite(x) ? [] : [{ tensor: 'f', element: i }])),
          ...halves.flatMap((bits, i) => ((bits & 0x7c00) === 0x7c00 ? [{ tensor: 'h', element: i }] : [])),
        ];
        if (bad.length === 0) expect(search.found).toBeUndefined();
        else expect(bad).toContainEqual(search.found);
      },
    ),
  );
});
