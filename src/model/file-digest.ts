/** How files of a model are checked: sizes and digests, config.json's own digest, and floats that are not finite. `reading-check.ts` computes what is compared here. */

import { sha256 } from '#sha256';
import type { TensorElement } from '../array/finite.ts';
import { halfValues } from '../array/half.ts';
import { infinityAsText } from '../array/infinity-as-text.ts';
import { TaurecError } from '../errors.ts';
import type { Safetensors } from './safetensors-format.ts';

/** Size and SHA-256 (hexadecimal) of a file. */
export interface FileDigest {
  readonly bytes: number;
  readonly sha256: string;
}

/** What a safetensors file that contains its own digest has in its place while the digest is computed: 64 zeros. */
export const unsigned = '0'.repeat(64);

/** Where the header of a safetensors file names the file's own digest. */
const place = (digest: string) => `"sha256":"${digest}"`;
const anyPlace = new RegExp(place('([0-9a-f]{64})'));

/** The digest that a header states as that of its own file; undefined if it states none. */
export function signedDigest(header: Uint8Array): string | undefined {
  return anyPlace.exec(new TextDecoder('latin1').decode(header))?.[1];
}

/** A copy of the header with the digest `to` in the place of `from`. */
export function withDigest(header: Uint8Array, from: string, to: string): Uint8Array {
  const at = new TextDecoder('latin1').decode(header).indexOf(place(from));
  const copy = header.slice();
  copy.set(new TextEncoder().encode(place(to)), at);
  return copy;
}

/** The end of a sealed JSON text: the field `digest`, the SHA-256 of everything before it. */
const seal = /,\n {2}"digest": "([0-9a-f]{64})"\n\}\n$/;

/** A JSON object as text, with the digest of the text as its last field, `digest`. Infinity is "inf". */
export function sealedJson(value: object): string {
  // The digest is that of the text without the `\n}` at the end.
  const text = JSON.stringify(value, infinityAsText, 2).slice(0, -2);
  return `${text},\n  "digest": "${textDigest(text)}"\n}\n`;
}

/** Whether a JSON text matches its own digest; `unsealed`: it has none. */
export function sealOf(text: string): 'whole' | 'damaged' | 'unsealed' {
  const found = seal.exec(text);
  if (!found) return 'unsealed';
  return textDigest(text.slice(0, found.index)) === found[1] ? 'whole' : 'damaged';
}

const textDigest = (text: string) => sha256([new TextEncoder().encode(text)]);

/** What was found in a file, and what was expected. */
export interface Findings {
  readonly bytes: number;
  readonly sha256?: string;
  /** A float that is not finite. */
  readonly notFinite?: TensorElement;
}

/**
 * Refuses a damaged file.
 * @throws TaurecError `damaged-file` when size or digest differ from the expected; `bad-model` when a float is not finite
 */
export function refuseDamaged(file: Safetensors, found: Findings, expected: Partial<FileDigest>): void {
  const { path } = file;
  if (expected.bytes !== undefined && found.bytes !== expected.bytes) {
    throw new TaurecError('damaged-file', { path, problem: `it has ${found.bytes} bytes, expected ${expected.bytes}` });
  }
  if (expected.sha256 !== undefined && found.sha256 !== expected.sha256) {
    throw new TaurecError('damaged-file', {
      path,
      problem: `its SHA-256 is ${found.sha256}, expected ${expected.sha256}`,
    });
  }
  if (found.notFinite !== undefined) {
    throw new TaurecError('bad-model', { path, problem: notFiniteText(file, found.notFinite) });
  }
}

/** The tensor, the place in it and the number there. */
function notFiniteText({ tensors }: Safetensors, { tensor, element }: TensorElement): string {
  const { shape, data, type } = tensors.get(tensor)!;
  const columns = shape.length > 1 ? shape.at(-1)! : 1;
  const where = `row ${Math.floor(element / columns)}${columns > 1 ? `, column ${element % columns}` : ''}`;
  return `tensor ${JSON.stringify(tensor)}, ${where}: ${type === 'F16' ? halfValues()[Number(data[element])] : data[element]}, expected a finite number`;
}
