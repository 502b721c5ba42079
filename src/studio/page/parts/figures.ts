/** Numbers as people read them. One place, so that a number looks the same in every room. */

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });

/** A count: `12,345`. */
export function count(value: number): string {
  return whole.format(value);
}

/** A count where there is little space: `12.3K`. */
export function shortCount(value: number): string {
  return Math.abs(value) < 10_000 ? whole.format(value) : short.format(value);
}

/** A number with at most `digits` significant digits, without trailing zeros: `0.0213`. */
export function number(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return value > 0 ? '∞' : value < 0 ? '−∞' : '–';
  if (Number.isInteger(value)) return whole.format(value).replace('-', '−');
  const text = Math.abs(value) < 1e-4 ? value.toExponential(digits - 1) : String(Number(value.toPrecision(digits)));
  return text.replace('-', '−');
}

/** A metric: four decimals, as in the documents. */
export function metric(value: number): string {
  return value.toFixed(4);
}

/** A score: three decimals, so that those of a list stand under each other. */
export function score(value: number): string {
  return value.toFixed(3).replace('-', '−');
}

/** A share as a percentage: `31%`, `0.4%`. */
export function percent(share: number): string {
  const value = share * 100;
  const digits = Math.abs(value) >= 10 || value === 0 ? 0 : Math.abs(value) >= 1 ? 1 : 2;
  return `${value.toFixed(digits).replace('-', '−')}%`;
}

/** A duration: `340 ms`, `4.2 s`, `3 min 20 s`. */
export function duration(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** A size of a file: `1.3 MB`. */
export function bytes(size: number): string {
  const step = Math.min(3, Math.floor(Math.log10(Math.max(1, size)) / 3));
  return `${Number((size / 1000 ** step).toPrecision(3))} ${['B', 'kB', 'MB', 'GB'][step]}`;
}

/** A noun with its number: `1 user`, `2 users`. */
export function many(n: number, one: string, more = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : more}`;
}
