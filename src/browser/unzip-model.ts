import { type UnzipFileInfo, unzipSync } from 'fflate';
import { TaurecError } from '../errors.ts';
import { isReplaced } from '../model/model-files.ts';
import { CONFIG } from '../model/read-model.ts';

/** No model deflates to less than this part of its size; a zip that does is made to fill the memory. */
const MOST_DEFLATED = 100;
/** What a small zip may unpack to, whatever its size: 16 MiB. */
const SMALL = 2 ** 24;

/**
 * The files of a zipped model by name: those beside the config.json that is the least deep, so a zip of the folder itself is fine. Other files are not unpacked.
 * @throws TaurecError `no-model` for what is not a zip, or has no config.json; `damaged-file`, also for a zip that would unpack to a hundred times its size
 */
export async function unzipModel(zip: Blob, place: string): Promise<ReadonlyMap<string, Uint8Array<ArrayBuffer>>> {
  const bytes = new Uint8Array(await zip.arrayBuffer());
  const noModel = (problem: string) => new TaurecError('no-model', { directory: place, problem });
  // Every zip begins with the signature of an entry, or of its end.
  if (bytes[0] !== 0x50 || bytes[1] !== 0x4b) throw noModel('it is not a zip file');
  let entries: Record<string, Uint8Array>;
  // fflate inflates no entry beyond the size that the directory states.
  let left = Math.max(SMALL, MOST_DEFLATED * bytes.length);
  const isWanted = ({ name, size, originalSize }: UnzipFileInfo) => {
    if (name.startsWith('__MACOSX/') || !isReplaced(nameIn(name))) return false;
    left -= Math.max(size, originalSize);
    if (left < 0) throw new Error(`its files take more than ${MOST_DEFLATED} times its size`);
    return true;
  };
  try {
    entries = unzipSync(bytes, { filter: isWanted });
  } catch (cause) {
    const problem = `it cannot be unzipped: ${(cause as Error).message}`;
    throw new TaurecError('damaged-file', { path: place, problem }, { cause });
  }
  const depth = (name: string) => name.split('/').length;
  const [config] = Object.keys(entries)
    .filter((name) => nameIn(name) === CONFIG)
    .sort((a, b) => depth(a) - depth(b));
  if (config === undefined) throw noModel(`the zip has no ${CONFIG}`);
  const folder = config.slice(0, -CONFIG.length);
  return new Map(
    Object.entries(entries)
      .filter(([name]) => name.startsWith(folder))
      .map(([name, content]) => [name.slice(folder.length), content as Uint8Array<ArrayBuffer>]),
  );
}

/** The last part of a path in a zip. */
function nameIn(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
