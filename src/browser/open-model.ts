import { firstNotFinite } from '../array/finite.ts';
import { sharedBytes } from '../array/shared.ts';
import { TaurecError } from '../errors.ts';
import { refuseDamaged } from '../model/file-digest.ts';
import type { Model } from '../model/model.ts';
import type { ModelConfig } from '../model/model-facts.ts';
import { CONFIG, type OpenedModel, readModel } from '../model/read-model.ts';
import { headerLength, safetensorsOf } from '../model/safetensors-format.ts';
import { pageAddress } from './page-address.ts';
import { sha256 } from './sha256.ts';

/**
 * Opens a model by the address of its folder: fetches config.json and the three safetensors files. A query in the address, such as a token, is sent with every file.
 * Every file is checked against its SHA-256 in config.json.
 * @throws TaurecError as in Node; also `no-model` (config.json) or `bad-safetensors` (the others), with the status, if a file cannot be fetched
 */
export async function openModel(address: string | URL): Promise<Model<ModelConfig>> {
  const { model, sound } = await beginOpening(address);
  await sound;
  return model;
}

/** As `beginOpening` of Node: does not wait for the checks. */
export function beginOpening(address: string | URL): Promise<OpenedModel> {
  const base = new URL(address, pageAddress());
  // Without the slash at the end, names of files would replace the last part of the address.
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  const pathOf = (name: string) => {
    const url = new URL(name, base);
    url.search = base.search;
    return url.href;
  };
  return readModel({
    place: base.href,
    pathOf,
    async readConfig() {
      const fail = (problem: string) => new TaurecError('no-model', { directory: base.href, problem });
      return (await get(pathOf(CONFIG), fail)).text();
    },
    async readTensors(name, { digest, finite }) {
      const path = pathOf(name);
      const fail = (problem: string) => new TaurecError('bad-safetensors', { path, problem });
      const bytes = new Uint8Array(await (await get(path, fail)).arrayBuffer());
      const headerBytes = headerLength(path, bytes.subarray(0, 8), bytes.length);
      const header = bytes.subarray(8, 8 + headerBytes);
      // Copy the data: typed arrays need an offset that is a multiple of 8, which headers of other writers do not guarantee.
      const data = new Uint8Array(sharedBytes(bytes.length - 8 - headerBytes));
      data.set(bytes.subarray(8 + headerBytes));
      const file = safetensorsOf(path, header, data.buffer);
      const check = async () => {
        const at = finite ? firstNotFinite(new Float32Array(data.buffer, 0, Math.floor(data.length / 4))) : -1;
        const hash = digest && (await digestOf(bytes));
        refuseDamaged(file, { bytes: bytes.length, sha256: hash, ...(at >= 0 && { notFinite: at }) }, digest ?? {});
      };
      const sound = check();
      // `readModel` awaits it after its own checks.
      sound.catch(() => {});
      return { file, sound };
    },
  });
}

/** Replaces `saveModel` of Node in a browser, which has no folders. Always throws `bad-option`. */
export async function saveModel(directory: string): Promise<never> {
  const expected = 'no value, because a browser has no folders';
  throw new TaurecError('bad-option', { option: 'directory', got: directory, expected });
}

/** SHA-256 by the Web Crypto API; pages on insecure addresses do not have it, and compute it in JavaScript. */
async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const { subtle } = globalThis.crypto ?? {};
  if (!subtle) return sha256([bytes]);
  return Array.from(new Uint8Array(await subtle.digest('SHA-256', bytes)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}

/** Fetches a file. A network error or a status other than 2xx becomes the error that `fail` makes. */
async function get(url: string, fail: (problem: string) => TaurecError): Promise<Response> {
  const response = await fetch(url).catch((cause: Error) => {
    throw fail(`${url} cannot be fetched: ${cause.message}`);
  });
  if (!response.ok) throw fail(`the request for ${url} returned status ${response.status}`);
  return response;
}
