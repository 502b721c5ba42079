import { TaurecError } from '../errors.ts';
import type { Model } from '../model/model.ts';
import { filesOf, TRAINING } from '../model/model-files.ts';
import { CONFIG, files as FILES } from '../model/read-model.ts';
import { modelBytes } from './model-bytes.ts';
import { PROGRAM } from './model-folder.ts';

/** Files that are stored as they are: floats deflate to 93 % of their size, the other files to 30 – 70 %. */
const floats: readonly string[] = [FILES.embeddings, TRAINING];
/** The least time that a zip can hold: the same model gives the same bytes. */
const TIME = new Date(1980, 0, 1);

/**
 * A model as a zip of its folder, for a download. Unzipped it is the folder that `saveModel` writes, which Node, `taurec serve` and readers of safetensors open; `openModel` of
 * a browser opens the zip itself. The same model gives the same bytes.
 * @throws TaurecError `bad-model` when the parts do not fit together, or an embedding is not finite
 */
export async function zipModel(model: Model): Promise<Blob> {
  const files = filesOf(model, 'model', PROGRAM);
  const { Zip, ZipDeflate, ZipPassThrough } = await import('fflate');
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const zip = new Zip((error, part) => {
    if (error) throw error;
    parts.push(part as Uint8Array<ArrayBuffer>);
  });
  for await (const [name, bytes] of modelBytes(files)) {
    const file = floats.includes(name) ? new ZipPassThrough(name) : new ZipDeflate(name, { level: 3 });
    file.mtime = TIME;
    zip.add(file);
    file.push(bytes, true);
  }
  zip.end();
  return new Blob(parts, { type: 'application/zip' });
}

/**
 * The files of a zipped model by name: those beside the config.json that is the least deep, so a zip of the folder itself is fine.
 * @throws TaurecError `no-model` for what is not a zip, or has no config.json; `damaged-file`
 */
export async function unzipModel(zip: Blob, place: string): Promise<ReadonlyMap<string, Uint8Array<ArrayBuffer>>> {
  const bytes = new Uint8Array(await zip.arrayBuffer());
  const noModel = (problem: string) => new TaurecError('no-model', { directory: place, problem });
  // Every zip begins with the signature of an entry, or of its end.
  if (bytes[0] !== 0x50 || bytes[1] !== 0x4b) throw noModel('it is not a zip file');
  const { unzipSync } = await import('fflate');
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
