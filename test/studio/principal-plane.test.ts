import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matrix } from '../../src/array/matrix.ts';
import { ItemMap } from '../../src/studio/workbench/item-map.ts';
import { aligned, type Plane, principalPlane } from '../../src/studio/workbench/principal-plane.ts';

const number = fc.double({ min: -5, max: 5, noNaN: true });
/** Points with distinct variances along the axes, so that the two components are well apart. */
const points = fc.tuple(fc.integer({ min: 4, max: 30 }), fc.integer({ min: 2, max: 6 })).chain(([rows, columns]) =>
  fc.array(number, { minLength: rows * columns, maxLength: rows * columns }).map((values) => ({
    rows,
    columns,
    data: Float64Array.from(values, (value, e) => value * 3 ** -(e % columns)),
  })),
);
type Points = ReturnType<typeof fc.sample<{ rows: number; columns: number; data: Float64Array }>>[number];

/** The two largest eigenvalues of the scatter matrix, by power iteration with deflation. */
function oracle({ rows, columns, data }: Points) {
  const means = Array.from({ length: columns }, (_, c) => {
    let sum = 0;
    for (let r = 0; r < rows; r++) sum += data[r * columns + c]!;
    return sum / rows;
  });
  const at = (r: number, c: number) => data[r * columns + c]! - means[c]!;
  const scatter = Array.from({ length: columns }, (_, a) =>
    Array.from({ length: columns }, (_, b) => {
      let sum = 0;
      for (let r = 0; r < rows; r++) sum += at(r, a) * at(r, b);
      return sum;
    }),
  );
  const found: { value: number; scores: number[] }[] = [];
  for (let component = 0; component < 2; component++) {
    let vector = Array.from({ length: columns }, (_, c) => 1 / (c + 1 + component));
    let value = 0;
    for (let step = 0; step < 5000; step++) {
      const next = scatter.map((row) => row.reduce((sum, x, c) => sum + x * vector[c]!, 0));
      value = Math.hypot(...next);
      if (value === 0) break;
      vector = next.map((x) => x / value);
    }
    found.push({
      value,
      scores: Array.from({ length: rows }, (_, r) => vector.reduce((sum, x, c) => sum + x * at(r, c), 0)),
    });
    for (let a = 0; a < columns; a++)
      for (let b = 0; b < columns; b++) scatter[a]![b]! -= value * vector[a]! * vector[b]!;
  }
  return found as [(typeof found)[number], (typeof found)[number]];
}

/** Q with columns from a product of rotations in the planes of two axes. */
function rotated({ rows, columns, data }: Points, angles: readonly number[]): Points {
  const turned = data.slice();
  let at = 0;
  for (let p = 0; p < columns; p++)
    for (let q = p + 1; q < columns; q++) {
      const angle = angles[at++ % angles.length]!;
      for (let r = 0; r < rows; r++) {
        const [x, y] = [turned[r * columns + p]!, turned[r * columns + q]!];
        turned[r * columns + p] = Math.cos(angle) * x - Math.sin(angle) * y;
        turned[r * columns + q] = Math.sin(angle) * x + Math.cos(angle) * y;
      }
    }
  return { rows, columns, data: turned };
}

const squares = (values: ArrayLike<number>) => Array.from(values).reduce((sum, x) => sum + x * x, 0);
const distance = (a: Plane, b: Plane) =>
  squares(a.x.map((x, r) => x - b.x[r]!)) + squares(a.y.map((y, r) => y - b.y[r]!));
/** Components that no rounding swaps, and axes whose direction no rounding turns. */
const isClear = (given: Points) => {
  const [first, second] = oracle(given);
  const third = principalPlane(given);
  const cubes = (values: Float64Array) => Math.abs(values.reduce((sum, x) => sum + x ** 3, 0));
  return (
    second.value > 1e-3 &&
    first.value > 1.2 * second.value &&
    cubes(third.x) > 1e-3 * squares(third.x) ** 1.5 &&
    cubes(third.y) > 1e-3 * squares(third.y) ** 1.5
  );
};

describe('the principal plane', () => {
  test('has the components of a plain eigen-decomposition, up to their signs', () => {
    fc.assert(
      fc.property(points, (given) => {
        fc.pre(isClear(given));
        const [first, second] = oracle(given);
        const { x, y } = principalPlane(given);
        expect(squares(x)).toBeCloseTo(first.value, 6);
        // The third may be as large as the second: the plane then is not unique, but its variance is.
        expect(squares(y)).toBeCloseTo(second.value, 4);
        const along = x.reduce((sum, value, r) => sum + value * first.scores[r]!, 0);
        expect(Math.abs(along)).toBeCloseTo(first.value, 4);
        expect(Math.abs(x.reduce((sum, value, r) => sum + value * y[r]!, 0))).toBeLessThan(1e-6 * (1 + first.value));
      }),
    );
  });

  test('does not move when the points are rotated', () => {
    fc.assert(
      fc.property(points, fc.array(number, { minLength: 3, maxLength: 15 }), (given, angles) => {
        fc.pre(isClear(given));
        const [plane, turned] = [principalPlane(given), principalPlane(rotated(given, angles))];
        const [, second] = oracle(given);
        fc.pre(squares(plane.y) > 0.999 * second.value);
        expect(squares(plane.x.map((x, r) => x - turned.x[r]!))).toBeLessThan(1e-9 * (1 + squares(plane.x)));
      }),
    );
  });

  test('is 0 without variance, and in a dimension that is not there', () => {
    expect(principalPlane({ rows: 3, columns: 2, data: new Float64Array(6).fill(7) })).toEqual({
      x: new Float64Array(3),
      y: new Float64Array(3),
    });
    const line = principalPlane({ rows: 3, columns: 1, data: Float64Array.of(0, 0, 3) });
    expect(line).toEqual({ x: Float64Array.of(-1, -1, 2), y: new Float64Array(3) });
  });
});

const planes = fc.integer({ min: 2, max: 20 }).chain((n) =>
  fc
    .array(number, { minLength: 4 * n, maxLength: 4 * n })
    .map((values) => Float64Array.from(values))
    .map((v): [Plane, Plane] => [
      { x: v.slice(0, n), y: v.slice(n, 2 * n) },
      { x: v.slice(2 * n, 3 * n), y: v.slice(3 * n) },
    ]),
);

describe('frames one after another', () => {
  test('no rotation or reflection comes nearer than the alignment', () => {
    fc.assert(
      fc.property(planes, number, fc.constantFrom(1, -1), ([plane, to], angle, mirror) => {
        const best = distance(aligned(plane, to), to);
        const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
        const other = {
          x: plane.x.map((x, r) => cos * x - mirror * sin * plane.y[r]!),
          y: plane.x.map((x, r) => sin * x + mirror * cos * plane.y[r]!),
        };
        expect(best).toBeLessThanOrEqual(distance(other, to) + 1e-9);
      }),
    );
  });

  test('a plane that was turned or mirrored comes back to its place', () => {
    fc.assert(
      fc.property(planes, number, fc.constantFrom(1, -1), ([plane], angle, mirror) => {
        const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
        const turned = {
          x: plane.x.map((x, r) => cos * x - mirror * sin * plane.y[r]!),
          y: plane.x.map((x, r) => sin * x + mirror * cos * plane.y[r]!),
        };
        expect(distance(aligned(turned, plane), plane)).toBeLessThan(1e-9);
      }),
    );
  });

  test('a map moves no more than its embeddings: mirrored axes and small steps leave it in place', () => {
    const values = Float32Array.from({ length: 40 * 4 }, (_, e) => Math.sin(3 * e * e) * 2 ** -(e % 4));
    const map = new ItemMap(Int32Array.from({ length: 40 }, (_, item) => item));
    const first = map.frame(matrix(40, 4, values), false);
    const mirrored = map.frame(
      matrix(
        40,
        4,
        values.map((value, e) => (e % 4 < 2 ? -value : value + 1e-6)),
      ),
      false,
    );
    for (let r = 0; r < 40; r++) {
      expect(Math.abs(mirrored.x[r]! - first.x[r]!)).toBeLessThanOrEqual(1);
      expect(Math.abs(mirrored.y[r]! - first.y[r]!)).toBeLessThanOrEqual(1);
    }
  });

  test('coordinates are whole thousandths within the edges, at every scale', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1e-3, max: 1e3, noNaN: true }), { minLength: 1, maxLength: 6 }),
        (scales) => {
          const items = Int32Array.of(0, 1, 2);
          const map = new ItemMap(items);
          for (const scale of scales) {
            const { x, y } = map.frame(matrix(3, 2, Float32Array.of(0, 1, scale, 0, -scale, -1)), false);
            for (const value of [...x, ...y]) {
              expect(Number.isInteger(value)).toBe(true);
              expect(Math.abs(value)).toBeLessThanOrEqual(1000);
            }
          }
        },
      ),
    );
  });
});
