/** A 32-bit float as the shortest of its nine-digit decimals: nine significant digits give every such number back bit for bit, −0 too. */
export function floatText(x: number): string {
  return Object.is(x, -0) ? '-0' : String(Number(x.toPrecision(9)));
}

/** A vector as JSON and pgvector write it: [0.1,-2]. */
export function vectorText(row: Float32Array): string {
  let text = '[';
  for (let c = 0; c < row.length; c++) text += c === 0 ? floatText(row[c]!) : `,${floatText(row[c]!)}`;
  return `${text}]`;
}
