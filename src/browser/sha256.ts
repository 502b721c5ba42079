import { sha256 as hashOf } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { sha256 as sha256InNode } from '../platform/sha256.ts';

/** SHA-256 of the concatenated parts, in hexadecimal. It does not use the Web Crypto API, which is asynchronous and missing on insecure pages. */
export const sha256: typeof sha256InNode = (parts) => {
  const hash = hashOf.create();
  for (const part of parts) hash.update(part);
  return bytesToHex(hash.digest());
};
