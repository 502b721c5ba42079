import { type Csr, csrRow } from '../../src/array/csr.ts';

/** The entries of a matrix as CSV with a header. */
export function logText(matrix: Csr): string {
  let text = 'user,item\n';
  for (let u = 0; u < matrix.rows; u++) for (const i of csrRow(matrix, u)) text += `u${u},i${i}\n`;
  return text;
}
