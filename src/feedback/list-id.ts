import { TaurecError } from '../errors.ts';
import { shortNameText } from '../platform/short-name.ts';

/** What the id of a list says about it. */
export interface ListOrigin {
  /** The variant that made the list, a `shortName`; '' without variants. */
  readonly variant: string;
  /** The model that made it: the name of a published version (`v3`), or 8 hexadecimal digits (`modelMark`). */
  readonly version: string;
  /** Where it was shown, as the request says (`home`, `email`), a `shortName`; '' if it does not say. */
  readonly place: string;
}

/** The 64 characters of base64url: an id needs no encoding in a URL, a label or a file name. */
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** Characters of the random part: 72 bits, so that a billion ids are all different but for a chance of 1 in 9,000. */
const RANDOM = 12;

/** Random bytes that are drawn in advance: the system call for 12 costs as much as one for thousands. */
const pool = new Uint8Array(RANDOM * 512);
let used = pool.length;

/**
 * A new id of a list: `VARIANT.VERSION.PLACE.RANDOM`, RANDOM 12 random characters, 72 bits. It describes itself, so that feedback that names it can be counted without looking anything up. Servers give every list one; a program gives
 * one to the lists that it makes itself, such as those of e-mails.
 * @throws TaurecError `bad-option` for a part that is not of its form
 */
export function listId({
  variant = '',
  version,
  place = '',
}: Pick<ListOrigin, 'version'> & Partial<ListOrigin>): string {
  if (used === pool.length) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  let random = '';
  for (const end = used + RANDOM; used < end; used++) random += LETTERS[pool[used]! & 63];
  const id = `${variant}.${version}.${place}.${random}`;
  if (!listIdText.test(id))
    throw new TaurecError('bad-option', {
      option: 'listId',
      got: JSON.stringify({ variant, version, place }),
      expected: `a version such as v3 or c81f20d7, and '' or ${shortNameText} for variant and place`,
    });
  return id;
}

/** The form of an id. */
export const listIdText =
  /^([A-Za-z0-9_-]{0,64})\.(v[1-9]\d{0,14}|[0-9a-f]{8})\.([A-Za-z0-9_-]{0,64})\.[A-Za-z0-9_-]{12}$/;

/** What an id of `listId` says; undefined for any other text. */
export function parseListId(text: string): ListOrigin | undefined {
  const [, variant, version, place] = listIdText.exec(text) ?? [];
  return variant === undefined ? undefined : { variant, version: version!, place: place! };
}
