// Formats of times as strptime codes, for JavaScript and as a pattern for SQL.

/** A format of times: the codes as DuckDB's strptime takes them, and a pattern that JavaScript and RE2 understand alike. */
export interface TimeFormat {
  text: string;
  pattern: string;
  /** Seconds since 1970-01-01 UTC of a text in the format whose date and time of day exist; undefined for any other. */
  secondsOf(text: string): number | undefined;
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
    secondsOf(cell) {
      const found = expression.exec(cell);
      if (!found) return undefined;
      const of = (code: string) => found[used.indexOf(code) + 1]!;
      const has = (code: string) => used.includes(code);
      const whole = (code: string) => (has(code) ? Number(of(code)) : 0);
      // Years of two digits are 1969 to 2068.
      const year = has('Y') ? whole('Y') : whole('y') + (whole('y') < 69 ? 2000 : 1900);
      const name = (has('b') ? of('b') : has('B') ? of('B') : '').slice(0, 3).toLowerCase();
      const month = has('m') ? whole('m') : months.findIndex((full) => full.startsWith(name)) + 1;
      if (has('I') && (whole('I') < 1 || whole('I') > 12)) return undefined;
      let hour = has('H') ? whole('H') : whole('I');
      if (has('p')) {
        if (hour > 12) return undefined;
        hour = (hour % 12) + (of('p').toLowerCase() === 'pm' ? 12 : 0);
      }
      const clock = secondsAt(year, month, whole('d'), hour, whole('M'), whole('S'));
      if (clock === undefined) return undefined;
      const [, sign, hours = 0, minutes = 0] = has('z') ? /([+-])(\d{2}):?(\d{2})?/.exec(of('z'))! : [];
      const offset = (Number(hours) * 60 + Number(minutes)) * 60 * (sign === '-' ? -1 : 1);
      return withMicros(clock - offset, has('f') ? of('f') : '');
    },
  };
  made.set(text, format);
  return format;
}

/** Seconds since 1970-01-01 UTC of a date and time of day; undefined where one of them does not exist. */
export function secondsAt(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number | undefined {
  // Date.UTC takes the years 0 to 99 for those of the last century; 400 years are a whole number of weeks.
  const at = Date.UTC(year + 400, month - 1, day, hour, minute, second) / 1000 - 12_622_780_800;
  const exists = new Date(Date.UTC(year + 400, month - 1, day)).getUTCMonth() === month - 1;
  return exists && hour < 24 && minute < 60 && second < 60 ? at : undefined;
}

/** Seconds with a fraction of at most six digits, rounded once. */
export function withMicros(seconds: number, digits: string): number {
  return digits === '' ? seconds : (seconds * 1e6 + Number(digits.padEnd(6, '0'))) / 1e6;
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
