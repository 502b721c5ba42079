import { FiniteSearch } from '../array/finite.ts';
import { sharedBytes } from '../array/shared.ts';
import { TaurecError } from '../errors.ts';
import { type FileDigest, refuseDamaged } from '../model/file-digest.ts';
import { type Model, widenedModel } from '../model/model.ts';
import type { ModelConfig } from '../model/model-facts.ts';
import { TRAINING, trainingStateOf } from '../model/model-files.ts';
import type { FolderHandle, ModelPlace } from '../model/model-place.ts';
import {
  CONFIG,
  digestOf,
  type ModelSource,
  type OpenedModel,
  readModel,
  type TensorChecks,
} from '../model/read-model.ts';
import { floatRanges, headerLength, headerOf, safetensorsOf, type TensorEntry } from '../model/safetensors-format.ts';
import { digestOf as sha256Of } from './digest.ts';
import { readFolder, saveInFolder } from './model-folder.ts';
import { pageAddress } from './page-address.ts';
import { unzipModel } from './unzip-model.ts';

/** The files of a model in a browser. */
interface Files {
  /** The folder, address or zip, for messages. */
  readonly place: string;
  pathOf(name: string): string;
  /** The content of a file; undefined where the place has none of this name. `fail` makes the error of one that cannot be read. */
  bytesOf(name: string, fail: (problem: string) => TaurecError): Promise<Uint8Array<ArrayBuffer> | undefined>;
}

/**
 * Opens a model: by the address of its folder, in a folder of the browser (`saveModel`), or from a zip (`zipModel`), which a `File` that the user chose can be. A query in an
 * address, such as a token, is sent with every file. Every file is checked against its SHA-256 in config.json.
 * @param options.trainingState also reads the state that training continues from, if the model has it. Default false.
 * @throws TaurecError as in Node; also `no-model` (config.json) or `bad-safetensors` (the others) if a file cannot be fetched, with the status, and `no-model` for a file that is not a zip of a model
 */
export async function openModel(
  place: ModelPlace,
  options: { readonly trainingState?: boolean } = {},
): Promise<Model<ModelConfig>> {
  return withFiles(place, async (files) => {
    const { model: stored, sound } = await readModel(sourceOf(files));
    await sound;
    const model = widenedModel(stored);
    if (!options.trainingState || !model.config.files || !Object.hasOwn(model.config.files, TRAINING)) return model;
    const digest = digestOf(model.config, TRAINING, files);
    const { file, sound: whole } = await readTensors(files, TRAINING, { digest, finite: false });
    await whole;
    return { ...model, trainingState: trainingStateOf(file) };
  });
}

/** As `openModel`; like `beginOpening` of Node it does not wait for the checks. */
export function beginOpening(place: ModelPlace): Promise<OpenedModel> {
  return withFiles(place, (files) => readModel(sourceOf(files)));
}

/**
 * Saves a model in a folder of the browser: one of the page's private file system (`await navigator.storage.getDirectory()`), or one that the user picked. The files have the
 * bytes that Node writes. The folder holds the old model until the new one is complete.
 * @throws TaurecError `not-a-model` when the folder is not empty and holds no taurec model; `bad-model` when the parts do not fit together; `cannot-write` when the storage is full, or the page may not write
 */
export async function saveModel(directory: FolderHandle, model: Model): Promise<void> {
  if (typeof directory !== 'object' || directory?.kind !== 'directory') {
    const expected = 'a FileSystemDirectoryHandle: a browser has no paths';
    const remedy = 'Save in a folder of navigator.storage.getDirectory(), or download the zip of zipModel(model).';
    throw new TaurecError('bad-option', { option: 'directory', got: directory, expected, remedy });
  }
  await saveInFolder(directory as FileSystemDirectoryHandle, model);
}

/** Calls `read` with the files at a place. */
async function withFiles<T>(place: ModelPlace, read: (files: Files) => Promise<T>): Promise<T> {
  if (typeof place === 'string' || place instanceof URL) return read(filesAt(place));
  if (place instanceof Blob) {
    const name = (place as Partial<File>).name ?? 'zip';
    const entries = await unzipModel(place, name);
    return read({ place: name, pathOf: (file) => `${name}/${file}`, bytesOf: async (file) => entries.get(file) });
  }
  if (place?.kind !== 'directory') {
    const expected = 'an address, a FileSystemDirectoryHandle, or a Blob with the zip of a model';
    throw new TaurecError('bad-option', { option: 'place', got: place, expected });
  }
  return readFolder(place as FileSystemDirectoryHandle, (fileOf) =>
    read({
      place: place.name,
      pathOf: (name) => `${place.name}/${name}`,
      async bytesOf(name, fail) {
        const content = await fileOf(name)
          .then((file) => file?.arrayBuffer())
          .catch((error: Error) => {
            throw fail(error.message);
          });
        return content && new Uint8Array(content);
      },
    }),
  );
}

/** The files of the folder at an address. */
function filesAt(address: string | URL): Files {
  const base = new URL(address, pageAddress());
  // Without the slash at the end, names of files would replace the last part of the address.
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  const pathOf = (name: string) => {
    const url = new URL(name, base);
    url.search = base.search;
    return url.href;
  };
  return {
    place: base.href,
    pathOf,
    async bytesOf(name, fail) {
      return new Uint8Array(await (await get(pathOf(name), fail)).arrayBuffer());
    },
  };
}

const sourceOf = (files: Files): ModelSource => ({
  place: files.place,
  pathOf: files.pathOf,
  async readConfig() {
    const fail = (problem: string) => new TaurecError('no-model', { directory: files.place, problem });
    const bytes = await files.bytesOf(CONFIG, fail);
    if (!bytes) throw fail(`it has no ${CONFIG}`);
    return new TextDecoder().decode(bytes);
  },
  readTensors: (name, checks) => readTensors(files, name, checks),
});

async function readTensors(files: Files, name: string, { digest, finite }: TensorChecks) {
  const path = files.pathOf(name);
  const fail = (problem: string) => new TaurecError('bad-safetensors', { path, problem });
  const bytes = await files.bytesOf(name, fail);
  if (!bytes) throw fail('it does not exist');
  const headerBytes = headerLength(path, bytes.subarray(0, 8), bytes.length);
  const header = bytes.subarray(8, 8 + headerBytes);
  // Copy the data: typed arrays need an offset that is a multiple of 8, which headers of other writers do not guarantee.
  const data = new Uint8Array(sharedBytes(bytes.length - 8 - headerBytes));
  data.set(bytes.subarray(8 + headerBytes));
  const parsed = headerOf(path, header, data.length);
  const placeOf = ({ begin }: TensorEntry) => ({ buffer: data.buffer, at: begin });
  const file = safetensorsOf(path, parsed, placeOf);
  const check = async (expected?: FileDigest) => {
    const search = new FiniteSearch(finite ? floatRanges(parsed, placeOf) : []);
    search.advance(data.length);
    const hash = expected && (await sha256Of(bytes));
    refuseDamaged(file, { bytes: bytes.length, sha256: hash, notFinite: search.found }, expected ?? {});
  };
  const sound = check(digest);
  // Whoever opens the model awaits it after other checks.
  sound.catch(() => {});
  return { file, sound };
}

/** Fetches a file. A network error or a status other than 2xx becomes the error that `fail` makes. */
async function get(url: string, fail: (problem: string) => TaurecError): Promise<Response> {
  const response = await fetch(url).catch((cause: Error) => {
    throw fail(`${url} cannot be fetched: ${cause.message}`);
  });
  if (!response.ok) throw fail(`the request for ${url} returned status ${response.status}`);
  return response;
}
