import { TaurecError } from '../../errors.ts';
import type { Role } from '../columns.ts';

/** True for a column of lists, by the name that DuckDB has for its type. @throws TaurecError `nested-column` */
export function checkNesting(file: string, role: Role, column: string, type: string): boolean {
  const inner = type.replace(/\[\d*\]$/, '');
  const isList = inner !== type;
  const isNested = /^(STRUCT|MAP|UNION)\(|\]$/.test(inner);
  if (!isNested && !(isList && role === 'user')) return isList;
  throw new TaurecError('nested-column', {
    file,
    column,
    type: type.length > 60 ? `${type.slice(0, 60)}…` : type,
    expected: role === 'user' ? 'texts or numbers' : 'texts, numbers or a list of them',
    remedy: `Choose another column for ${role} (--${role === 'event' ? 'event-column' : role}), or write the field that you mean as a column.`,
  });
}
