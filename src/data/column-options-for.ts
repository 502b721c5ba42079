import type { Column, ColumnOptions, Role } from './columns.ts';
import type { TablePreview } from './table-preview.ts';

/**
 * The options that name the columns of a table as a person chose them: those of `readInteractions`, and of the command line (`--user`, `--item` …). A column is named by its name where only one has it, else by its position.
 * @param positions the position, from 1, of each role; a rating or time that is not there is not read
 */
export function columnOptionsFor(
  preview: Pick<TablePreview, 'columns'>,
  positions: Readonly<Partial<Record<Role, number>>>,
): ColumnOptions {
  const { columns } = preview;
  const same = (a: string | undefined, b: string | undefined) => a?.toLowerCase() === b?.toLowerCase();
  const named = (position: number | undefined): Column | undefined => {
    const name = columns.find((column) => column.position === position)?.name;
    const isClear = name && !/^\d+$/.test(name) && columns.filter((column) => same(column.name, name)).length === 1;
    return isClear ? name : position;
  };
  const { user, item, rating, time, weight, event } = positions;
  return {
    ...(user !== undefined && { user: named(user) }),
    ...(item !== undefined && { item: named(item) }),
    rating: named(rating) ?? false,
    time: named(time) ?? false,
    ...(weight !== undefined && { weight: named(weight) }),
    ...(event !== undefined && { eventColumn: named(event) }),
  };
}
