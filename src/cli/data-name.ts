import { basename, dirname, resolve } from 'node:path';
import { databasePlace } from '../data/database/database-place.ts';

/** The default name of a model or study. ratings.csv → "ratings"; gowalla/train.tsv.gz → "gowalla", because "train" says nothing; of a database, the table. */
export function dataName(source: string): string {
  const place = databasePlace(source);
  if (place) return place.label;
  const name = basename(source).replace(/(\.[a-z]\w{0,8}){1,2}$/i, '');
  return /^train(ing)?$/i.test(name) ? basename(dirname(resolve(source))) || name : name;
}
