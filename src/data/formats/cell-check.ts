import type { Role } from '../columns.ts';

/** A number as logs write it, for JavaScript and for DuckDB's RE2 alike. */
export const numberPattern = String.raw`[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?`;
/** A date with or without time, ISO 8601; without an offset it is UTC. */
export const datePattern = String.raw`\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}(:\d{2})?)?)?`;

const number = new RegExp(`^(?:${numberPattern})$`);
const date = new RegExp(`^(?:${datePattern})$`);

/** What a cell of a role holds, in words. */
export const expectedCell: Record<Role, string> = {
  user: 'a user id that is not blank',
  item: 'an item id that is not blank',
  rating: 'a number',
  time: 'a number or a date such as 2024-05-31 or 2024-05-31T12:00:00Z',
  weight: 'a number of at least 0',
};

/** True when a cell is fit for its role. */
export function isGoodCell(role: Role, cell: string): boolean {
  const text = cell.trim();
  if (cell.includes('\uFFFD')) return false;
  if (role === 'user' || role === 'item') return text !== '';
  if (number.test(text)) return Number.isFinite(Number(text)) && (role !== 'weight' || Number(text) >= 0);
  return role === 'time' && date.test(text) && isCalendarDate(text);
}

function isCalendarDate(text: string): boolean {
  const [year, month, day] = text.slice(0, 10).split('-').map(Number) as [number, number, number];
  const made = new Date(Date.UTC(year, month - 1, day));
  if (made.getUTCMonth() !== month - 1 || made.getUTCDate() !== day) return false;
  const [hour = 0, minute = 0, second = 0] = text.slice(11, 19).split(':').map(Number);
  return hour < 24 && minute < 60 && second < 60;
}
