import { sharedBytes } from '../array/shared.ts';
import { TaurecError } from '../errors.ts';
import type { Model } from '../model/model.ts';
import type { ModelConfig } from '../model/model-facts.ts';
import { CONFIG, readModel } from '../model/read-model.ts';
import { headerLength, safetensorsOf } from '../model/safetensors-format.ts';

/**
 * Opens a model by the address of its folder: fetches config.json and the three safetensors files. A query in the address, such as a token, is sent with every file.
 * @throws TaurecError as in Node; also `no-model` (config.json) or `bad-safetensors` (the others), with the status, if a file cannot be fetched
 */
export function openModel(address: string | URL): Promise<Model<ModelConfig>> {
  const base = new URL(address, globalThis.location?.href);
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
    async readTensors(name) {
      const path = pathOf(name);
      const fail = (problem: string) => new TaurecError('bad-safetensors', { path, problem });
      const bytes = new Uint8Array(await (await get(path, fail)).arrayBuffer());
      const headerBytes = headerLength(path, bytes.subarray(0, 8), bytes.length);
      const header = bytes.subarray(8, 8 + headerBytes);
      // Copy the data: typed arrays need an offset that is a multiple of 8, which headers of other writers do not guarantee.
      const data = new Uint8Array(sharedBytes(bytes.length - 8 - headerBytes));
      data.set(bytes.subarray(8 + headerBytes));
      return safetensorsOf(path, header, data.buffer);
    },
  });
}

/** Replaces `saveModel` of Node in a browser, which has no folders. Always throws `bad-option`. */
export async function saveModel(directory: string): Promise<never> {
  const expected = 'no value, because a browser has no folders';
  throw new TaurecError('bad-option', { option: 'directory', got: directory, expected });
}

/** Fetches a file. A network error or a status other than 2xx becomes the error that `fail` makes. */
async function get(url: string, fail: (problem: string) => TaurecError): Promise<Response> {
  const response = await fetch(url).catch((cause: Error) => {
    throw fail(`${url} cannot be fetched: ${cause.message}`);
  });
  if (!response.ok) throw fail(`the request for ${url} returned status ${response.status}`);
  return response;
}
