import { fetchBytes } from '../../data/source/fetch-bytes.ts';
import { isUrl, shownSource } from '../../data/source/source-name.ts';
import { TaurecError } from '../../errors.ts';

/** A file in a page: a `File`, a `Blob` with a name (whose ending may decide the format), or a `Blob` alone. */
export type PageFile = Blob | { readonly name: string; readonly blob: Blob };

/** One of the sources of a page: a file, or an address to fetch; an address may be relative to the page. */
export type PagePlace = PageFile | string | URL;

/** What a reader in a browser reads: a file, an address, or a list of these, which give the log of all their rows. */
export type PageSource = PagePlace | readonly PagePlace[];

/** Bytes with a name. */
export interface NamedBlob {
  readonly name: string;
  readonly blob: Blob;
}

/** The places of a source. @throws TaurecError `bad-option` for anything else */
export function placesOf(source: PageSource): readonly PagePlace[] {
  const places = Array.isArray(source) ? (source as readonly PagePlace[]) : [source as PagePlace];
  if (places.length === 0)
    throw new TaurecError('bad-option', { option: 'source', got: '[]', expected: 'at least one file' });
  for (const place of places) {
    if (isPlace(place)) continue;
    const expected = 'a File, a Blob, { name, blob }, an address, or a list of these';
    throw new TaurecError('bad-option', { option: 'source', got: String(place), expected });
  }
  return places;
}

function isPlace(place: unknown): boolean {
  if (typeof place === 'string' || place instanceof URL || place instanceof Blob) return true;
  const { name, blob } = (place ?? {}) as Partial<NamedBlob>;
  return typeof name === 'string' && blob instanceof Blob;
}

/** The name of a place in messages and records; of an address without login and query, which may hold secrets. */
export function shownPlace(place: PagePlace): string {
  if (typeof place === 'string') return shownSource(place);
  if (place instanceof URL) return shownSource(place.href);
  return (place as { name?: string }).name || 'blob';
}

/** The name of a source in messages and records. */
export const shownPlaces = (source: PageSource): string => placesOf(source).map(shownPlace).join(', ');

/** The bytes of a place: those of an address are fetched. @param limit the most bytes to fetch @throws TaurecError `download-failed` */
export async function blobOf(place: PagePlace, limit: number): Promise<NamedBlob> {
  if (place instanceof Blob) return { name: shownPlace(place), blob: place };
  if (typeof place === 'object' && 'blob' in place) return place;
  const url = addressOf(place);
  const pieces: BlobPart[] = [];
  for await (const piece of fetchBytes(url, limit)) pieces.push(piece as Uint8Array<ArrayBuffer>);
  const name = new URL(url).pathname.split('/').at(-1) || 'download';
  return { name, blob: new Blob(pieces) };
}

/** The whole address of a place; what cannot be one is left as it is, for the error about it. */
function addressOf(place: string | URL): string {
  if (place instanceof URL || isUrl(place)) return String(place);
  const base = globalThis.location?.href;
  return URL.canParse(place, base) ? new URL(place, base).href : place;
}
