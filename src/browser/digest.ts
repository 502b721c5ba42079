import { sha256 } from './sha256.ts';

/** SHA-256 in hexadecimal by the Web Crypto API; pages on insecure addresses do not have it, and compute it in JavaScript. */
export async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const { subtle } = globalThis.crypto ?? {};
  if (!subtle) return sha256([bytes]);
  return Array.from(new Uint8Array(await subtle.digest('SHA-256', bytes)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}
