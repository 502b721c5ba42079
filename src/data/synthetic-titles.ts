const kinds =
  'Harbour Detective Orbit Garden Tavern Railway Meadow Lighthouse Desert Kitchen Library Circus Glacier Market Orchestra Workshop'.split(
    ' ',
  );
const manners =
  'Quiet Crimson Hidden Golden Restless Broken Distant Gentle Electric Forgotten Silver Wandering Midnight Paper Second'.split(
    ' ',
  );
const things =
  'Letters Shadows Rivers Promises Machines Echoes Maps Secrets Lanterns Clocks Songs Bridges Voyages'.split(' ');

/** A made-up title; items of one factor share their first word, so that a reader sees taste in a list. */
export function syntheticTitle(item: number, factor: number): string {
  const kind = kinds[factor % kinds.length]!;
  const series = factor < kinds.length ? kind : `${kind} ${Math.floor(factor / kinds.length) + 1}`;
  return `${series}: ${manners[item % manners.length]} ${things[item % things.length]} #${item}`;
}
