import { sharedBytes } from '../array/shared.ts';
import { TaurecError } from '../errors.ts';
import type { Model } from '../model/model.ts';
import type { ModelConfig } from '../model/model-facts.ts';
import { CONFIG, readModel } from '../model/read-model.ts';
import { headerLength, safetensorsOf } from '../model/safetensors-format.ts';

/**
 * Opens a model by the address of its folder: fetches config.json and the three safetensors files.
 * Throws as in Node; also `no-model` or `bad-safetensors`, with the status, when a file cannot be fetched.
 */
export function openModel(address: string | URL): Promise<Model<ModelConfig>> {
  const base = new URL(address, globalThis.location?.href);
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
      // Views need the data to begin at a multiple of 8, which a foreign writer's header does not promise.
      const data = new Uint8Array(sharedBytes(bytes.length - 8 - headerBytes));
      data.set(bytes.subarray(8 + headerBytes));
      return safetensorsOf(path, header, data.buffer);
    },
  });
}

/** A browser has no folder to save a model in. */
export async function saveModel(directory: string): Promise<never> {
  const expected = 'nothing in a browser, which has no folders';
  throw new TaurecError('bad-option', { option: 'directory', got: directory, expected });
}

async function get(url: string, fail: (problem: string) => TaurecError): Promise<Response> {
  const response = await fetch(url).catch((cause: Error) => {
    throw fail(`${url} cannot be fetched: ${cause.message}`);
  });
  if (!response.ok) throw fail(`fetching ${url} gave status ${response.status}`);
  return response;
}
