import { objectOf } from '../../data/formats/judge-rows.ts';
import { doubleText } from './number-text.ts';

/** Numbers that JavaScript would write in another way than they stand there: long ones, and those with a fraction or an exponent. */
const odd = /\d{16}|\d[.eE]|-0/;
/** A text or a number of JSON. */
const token = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** The object of a good line whose numbers are texts, wherever their text could be an id that JavaScript would change. */
export function exactObject(text: string, plain: Record<string, unknown>): Record<string, unknown> {
  if (!odd.test(text)) return plain;
  const quoted = text.replace(token, (found) => (found.startsWith('"') ? found : `"${numberText(found)}"`));
  return objectOf(quoted) ?? plain;
}

function numberText(number: string): string {
  if (/^-?\d+$/.test(number)) return number === '-0' ? '0' : number;
  return doubleText(Number(number));
}

/** The text of a value; '' for none. A text that is no Unicode gets U+FFFD, as from bytes that are none. */
export function textOfValue(value: unknown): string {
  const text = String(value ?? '');
  return text.replace(/\p{Surrogate}/gu, '\uFFFD');
}
