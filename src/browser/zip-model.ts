import { Zip, ZipDeflate, ZipPassThrough } from 'fflate';
import type { Model } from '../model/model.ts';
import { filesOf, TRAINING } from '../model/model-files.ts';
import { files as FILES } from '../model/read-model.ts';
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
