// Formats of times as strptime codes, for JavaScript and as a pattern for SQL.

/** A format of times: the codes as DuckDB's strptime takes them, and a pattern that JavaScript and RE2 understand alike. */
export interface TimeFormat {
  text: string;
  pattern: string;
  /** True for a text in the format whose date and time of day exist. */
  isTime(text: string): boolean;
}

const months = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];

/** The pattern of each code. */
const codes: Readonly<Record<string, string>> = {
  Y: String.raw`\d{4}`,
  y: String.raw`\d{2}`,
  m: String.raw`\d{1,2}`,
  d: String.raw`\d{1,2}`,
  H: String.raw`\d{1,2}`,
  I: String.raw`\d{1,2}`,
  M: String.raw`\d{1,2}`,
  S: String.raw`\d{1,2}`,
  f: String.raw`\d{1,6}`,
  p: '[AaPp][Mm]',
  b: `(?i:${months.map((name) => name.slice(0, 3)).join('|')})`,
  B: `(?i:${months.join('|')})`,
  z: String.raw`[+-]\d{2}(?::?\d{2})?`,
};

/** The codes that a format may contain, for messages. */
export const timeCodes = Object.keys(codes)
  .map((code) => `%${code}`)
  .join(' ');

/** True for a text of known codes with at least year, month and day. */
export function isTimeFormat(text: string): boolean {
  const used = [...text.matchAll(/%(.?)/gs)].map((found) => found[1]!);
  const once = new Set(used).size === used.length;
  const has = (...any: string[]) => any.some((code) => used.includes(code));
  return once && used.every((code) => code in codes) && has('Y', 'y') && has('m', 'b', 'B') && has('d');
}

const made = new Map<string, TimeFormat>();

/** The format of a text for which `isTimeFormat` is true. */
export function timeFormat(text: string): TimeFormat {
  const known = made.get(text);
  if (known) return known;
  const used: string[] = [];
  const parts = text.split(/%(.)/s).map((part, at) => {
    if (at % 2 === 0) return { plain: literally(part), named: literally(part) };
    used.push(part);
    const names = part === 'b' || part === 'B';
    // JavaScript of Node 20 has no (?i:…): the whole expression ignores case there.
    return { plain: codes[part]!, named: `(${names ? codes[part]!.replace('(?i:', '(?:') : codes[part]!})` };
  });
  const expression = new RegExp(`^${parts.map(({ named }) => named).join('')}$`, 'i');
  const format: TimeFormat = {
    text,
    pattern: parts.map(({ plain }) => plain).join(''),
    isTime(cell) {
      const found = expression.exec(cell);
      if (!found) return false;
      const of = (code: string) => found[used.indexOf(code) + 1];
      const has = (code: string) => used.includes(code);
      const year = has('Y') ? Number(of('Y')) : 2000 + Number(of('y'));
      const name = (of('b') && has('b') ? of('b') : has('B') ? of('B') : undefined)?.slice(0, 3).toLowerCase();
      const month = has('m') ? Number(of('m')) : months.findIndex((full) => full.startsWith(name!)) + 1;
      const whole = (code: string) => (has(code) ? Number(of(code)) : 0);
      if (has('I') && (whole('I') < 1 || whole('I') > 12)) return false;
      return isClock(year, month, whole('d'), whole('H'), whole('M'), whole('S'));
    },
  };
  made.set(text, format);
  return format;
}

/** True for a date that exists, with a time of day that exists. */
export function isClock(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): boolean {
  const at = new Date(Date.UTC(year, month - 1, day));
  return at.getUTCMonth() === month - 1 && at.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
