// The texts that Node's reader has for numbers that are not texts: an id may be one.

/** A double as a text: `1.0`, `0.0001`, `1e-05`, `1e+16`, `inf`. */
export function doubleText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  return shown(value, String(value), value.toExponential());
}

/** A float of 32 bits as the shortest text that gives it back. */
export function floatText(value: number): string {
  if (!Number.isFinite(value) || value === 0) return doubleText(value);
  for (let digits = 1; digits < 10; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return doubleText(short);
  }
  return doubleText(value);
}

function shown(value: number, plain: string, exponential: string): string {
  const size = Math.abs(value);
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  if (size >= 1e-4 && size < 1e16) return plain.includes('.') ? plain : `${plain}.0`;
  return exponential.replace(/e([+-])(\d)$/, 'e$10$2');
}
