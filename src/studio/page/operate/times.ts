/** Times as a person of this machine reads them. One place, so that they look the same in every card. */

const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });

/** A moment in milliseconds since 1970 as `31 May 2026, 12:00`, in the time zone of the page; empty where it is none. */
export function dateText(moment: number): string {
  return Number.isNaN(new Date(moment).getTime()) ? '' : day.format(moment);
}

/** The same, as `12:00:31` where it is of today. */
export function timeText(moment: number): string {
  const today = new Date(moment).toDateString() === new Date().toDateString();
  return today ? clock.format(moment) : dateText(moment);
}
