/** Rows of numbers: row r is `data[r · columns .. (r + 1) · columns)`. */
export interface Points {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

/** Coordinates of points in two dimensions. */
export interface Plane {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/**
 * The points in the plane of their two principal components: centred, along the two eigenvectors of their covariance with the largest eigenvalues. The direction of an axis is that in which the sum of cubes is positive, so that a
 * rotation of the points changes nothing. With fewer dimensions than two, or without variance, coordinates are 0.
 */
export function principalPlane(points: Points): Plane {
  const { rows, columns, data } = points;
  const means = new Float64Array(columns);
  for (let r = 0, e = 0; r < rows; r++) for (let c = 0; c < columns; c++) means[c]! += data[e++]! / rows;
  const centred = new Float64Array(rows * columns);
  for (let r = 0, e = 0; r < rows; r++) for (let c = 0; c < columns; c++, e++) centred[e] = data[e]! - means[c]!;
  const axes = topTwo(covariance(centred, rows, columns), columns);
  const [x, y] = axes.map((axis) => {
    const along = new Float64Array(rows);
    let cubes = 0;
    for (let r = 0; r < rows; r++) {
      let sum = 0;
      for (let c = 0; c < columns; c++) sum += centred[r * columns + c]! * axis[c]!;
      along[r] = sum;
      cubes += sum ** 3;
    }
    return cubes < 0 ? along.map((value) => -value) : along;
  });
  return { x: x ?? new Float64Array(rows), y: y ?? new Float64Array(rows) };
}

/** [columns × columns] sums of products of centred columns. */
function covariance(centred: Float64Array, rows: number, columns: number): Float64Array {
  const sums = new Float64Array(columns * columns);
  for (let r = 0; r < rows; r++) {
    const at = r * columns;
    for (let a = 0; a < columns; a++) {
      const value = centred[at + a]!;
      for (let b = a; b < columns; b++) sums[a * columns + b]! += value * centred[at + b]!;
    }
  }
  for (let a = 0; a < columns; a++) for (let b = 0; b < a; b++) sums[a * columns + b] = sums[b * columns + a]!;
  return sums;
}

/** Sweeps of Jacobi's method at most; it converges quadratically, in about ten. */
const SWEEPS = 30;

/** The unit eigenvectors of a symmetric matrix with the two largest eigenvalues, by cyclic Jacobi rotations (Golub & Van Loan, section 8.5). Fewer in fewer dimensions. */
function topTwo(matrix: Float64Array, d: number): Float64Array[] {
  const a = matrix.slice();
  const vectors = new Float64Array(d * d);
  for (let c = 0; c < d; c++) vectors[c * d + c] = 1;
  const scale = a.reduce((sum, value) => sum + value * value, 0);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let off = 0;
    for (let p = 0; p < d; p++) for (let q = p + 1; q < d; q++) off += 2 * a[p * d + q]! ** 2;
    if (off <= 1e-24 * scale) break;
    for (let p = 0; p < d; p++) for (let q = p + 1; q < d; q++) rotate(a, vectors, d, p, q);
  }
  const order = Array.from({ length: d }, (_, c) => c).sort((p, q) => a[q * d + q]! - a[p * d + p]! || p - q);
  return order.slice(0, 2).map((c) => vectors.slice(c * d, (c + 1) * d));
}

/** Makes a[p, q] zero by a rotation of axes p and q. `vectors` has an eigenvector in each row. */
function rotate(a: Float64Array, vectors: Float64Array, d: number, p: number, q: number): void {
  const apq = a[p * d + q]!;
  if (apq === 0) return;
  const theta = (a[q * d + q]! - a[p * d + p]!) / (2 * apq);
  const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const cos = 1 / Math.sqrt(t * t + 1);
  const sin = t * cos;
  for (let k = 0; k < d; k++) {
    const [kp, kq] = [a[k * d + p]!, a[k * d + q]!];
    a[k * d + p] = cos * kp - sin * kq;
    a[k * d + q] = sin * kp + cos * kq;
  }
  for (let k = 0; k < d; k++) {
    const [pk, qk] = [a[p * d + k]!, a[q * d + k]!];
    a[p * d + k] = cos * pk - sin * qk;
    a[q * d + k] = sin * pk + cos * qk;
    const [vp, vq] = [vectors[p * d + k]!, vectors[q * d + k]!];
    vectors[p * d + k] = cos * vp - sin * vq;
    vectors[q * d + k] = sin * vp + cos * vq;
  }
}

/**
 * A plane turned, and mirrored where that is nearer, so that its points come as close as possible to those of another: the orthogonal 2 × 2 matrix R with the least Σ‖p·R − q‖² (orthogonal Procrustes).
 * Of rotations by θ the sum is least at tan θ = (Σ x·y′ − y·x′) / (Σ x·x′ + y·y′); of reflections likewise.
 */
export function aligned({ x, y }: Plane, to: Plane): Plane {
  let [xx, xy, yx, yy] = [0, 0, 0, 0];
  for (let r = 0; r < x.length; r++) {
    xx += x[r]! * to.x[r]!;
    xy += x[r]! * to.y[r]!;
    yx += y[r]! * to.x[r]!;
    yy += y[r]! * to.y[r]!;
  }
  // The trace of R·[xx yx; xy yy] that a rotation and a reflection reach.
  const mirror = Math.hypot(xx - yy, xy + yx) > Math.hypot(xx + yy, xy - yx) ? -1 : 1;
  const cosine = xx + mirror * yy;
  const sine = xy - mirror * yx;
  const length = Math.hypot(cosine, sine);
  if (length === 0) return { x, y };
  const [cos, sin] = [cosine / length, sine / length];
  return {
    x: x.map((value, r) => cos * value - mirror * sin * y[r]!),
    y: x.map((value, r) => sin * value + mirror * cos * y[r]!),
  };
}
