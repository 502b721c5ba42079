import { unzipSync } from 'fflate';
import { TaurecError } from '../errors.ts';
import { CONFIG } from '../model/read-model.ts';

/**
 * The files of a zipped model by name: those beside the config.json that is the least deep, so a zip of the folder itself is fine.
 * @throws TaurecError `no-model` for what is not a zip, or has no config.json; `damaged-file`
 */
export async function unzipModel(zip: Blob, place: string): Promise<ReadonlyMap<string, Uint8Array<ArrayBuffer>>> {
  const bytes = new Uint8Array(await zip.arrayBuffer());
  const noModel = (problem: string) => new TaurecError('no-model', { directory: place, problem });
  // Every zip begins with the signature of an entry, or of its end.
  if (bytes[0] !== 0x50 || bytes[1] !== 0x4b) throw noModel('it is not a zip file');
  let entries: Record<string, Uint8Array>;
  try {
    entries = unzipSync(bytes, { filter: ({ name }) => !name.startsWith('__MACOSX/') });
  } catch (cause) {
    const problem = `it cannot be unzipped: ${(cause as Error).message}`;
    throw new TaurecError('damaged-file', { path: place, problem }, { cause });
  }
  const depth = (name: string) => name.split('/').length;
  const [config] = Object.keys(entries)
    .filter((name) => name.split('/').at(-1) === CONFIG)
    .sort((a, b) => depth(a) - depth(b));
  if (config === undefined) throw noModel(`the zip has no ${CONFIG}`);
  const folder = config.slice(0, -CONFIG.length);
  return new Map(
    Object.entries(entries)
      .filter(([name]) => name.startsWith(folder))
      .map(([name, content]) => [name.slice(folder.length), content as Uint8Array<ArrayBuffer>]),
  );
}
