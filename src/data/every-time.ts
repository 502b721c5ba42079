import { TaurecError } from '../errors.ts';

/** The times, none of which is missing (NaN). `need`: who needs them, as in "the temporal split needs". @throws TaurecError `blank-times` */
export function everyTime(times: Float64Array, source: string, need: string): Float64Array {
  let blank = 0;
  for (const time of times) if (Number.isNaN(time)) blank++;
  if (blank > 0) throw new TaurecError('blank-times', { file: source, blank, count: times.length, need });
  return times;
}
