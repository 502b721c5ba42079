import { dateText, timeText } from './times.ts';

/** A moment in milliseconds since 1970, on one line. `whole`: with its day, also where it is of today. */
export function Time({ moment, whole = false }: { moment: number; whole?: boolean }) {
  return <span class="time">{whole ? dateText(moment) : timeText(moment)}</span>;
}
