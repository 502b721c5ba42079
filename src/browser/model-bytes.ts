import type { FileDigest } from '../model/file-digest.ts';
import type { ModelFiles } from '../model/model-files.ts';
import { CONFIG } from '../model/read-model.ts';
import { toSafetensors } from '../model/safetensors-format.ts';
import { digestOf } from './digest.ts';

/**
 * The files of a model with their content, one after the other, so that only one is in memory: the bytes that Node writes. config.json, which lists the digests of all, is the last.
 * @param kept digests of files that stay beside those of the model
 */
export async function* modelBytes(
  { tensorFiles, configText }: ModelFiles,
  kept: Readonly<Record<string, FileDigest>> = {},
): AsyncGenerator<readonly [name: string, bytes: Uint8Array<ArrayBuffer>]> {
  const digests: Record<string, FileDigest> = { ...kept };
  for (const { nameOf, tensors, metadata } of tensorFiles) {
    const { head, pieces } = toSafetensors(tensors, metadata);
    const bytes = joined([head, ...pieces()]);
    const digest = { bytes: bytes.length, sha256: await digestOf(bytes) };
    const name = nameOf(digest);
    digests[name] = digest;
    yield [name, bytes];
  }
  yield [CONFIG, new TextEncoder().encode(configText(digests))];
}

/** The pieces as one array of ordinary memory: browsers neither hash nor store what is shared. */
function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
