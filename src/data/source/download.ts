// Brings the bytes of a URL or of standard input into a temporary file.

import { createWriteStream } from 'node:fs';
import { basename, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TaurecError } from '../../errors.ts';
import { shownSource } from './expand-source.ts';

/** Longest wait for the first answer, and for the next bytes, in milliseconds. */
const patience = 60_000;

/**
 * Downloads a URL to `folder` and returns the path. A redirect from https to http is refused, and so is a page of HTML, which is a login or an error, never data.
 * @param limit the most bytes to accept
 * @throws TaurecError `download-failed`
 */
export async function download(url: string, folder: string, limit: number): Promise<string> {
  const place = shownSource(url);
  const fail = (reason: string, remedy: string, cause?: unknown): never => {
    throw new TaurecError('download-failed', { file: place, reason, remedy }, { cause });
  };
  if (!URL.canParse(url)) fail('it is not a URL', 'Write it as https://HOST/PATH.');
  const target = new URL(url);
  const login =
    target.username === ''
      ? undefined
      : `${decodeURIComponent(target.username)}:${decodeURIComponent(target.password)}`;
  target.username = '';
  target.password = '';
  const headers = login === undefined ? undefined : { authorization: `Basic ${Buffer.from(login).toString('base64')}` };
  const stop = new AbortController();
  let timer = setTimeout(() => stop.abort(), patience);
  const stillHere = () => {
    clearTimeout(timer);
    timer = setTimeout(() => stop.abort(), patience);
  };
  try {
    const answer = await fetch(target, { headers, signal: stop.signal });
    if (!answer.ok || !answer.body)
      fail(`the server answered ${answer.status} ${answer.statusText}`.trim(), remedyOf(answer.status));
    if (target.protocol === 'https:' && !answer.url.startsWith('https:'))
      fail('it redirects to a place without encryption', 'Use the final address, if you trust it.');
    if (/^text\/html\b/i.test(answer.headers.get('content-type') ?? ''))
      fail('it is a web page, not a data file', 'Use the address of the file itself (a "raw" or "download" link).');
    const tooLarge = () =>
      fail(
        `it is larger than ${megabytes(limit)} MB`,
        'Raise the limit: downloadLimit, --download-limit <megabytes>; or download the file first.',
      );
    if (Number(answer.headers.get('content-length')) > limit) tooLarge();
    const path = join(folder, safeName(basename(target.pathname)));
    await pipeline(
      Readable.fromWeb(answer.body as never),
      limited(limit, stillHere, tooLarge),
      createWriteStream(path),
    );
    return path;
  } catch (error) {
    if (error instanceof TaurecError) throw error;
    if (stop.signal.aborted)
      return fail(`no bytes came within ${patience / 1000} seconds`, 'Try again, or download the file first.', error);
    return fail(reasonOf(error), 'Check the address and the connection, or download the file first.', error);
  } finally {
    clearTimeout(timer);
    stop.abort();
  }
}

/** Copies standard input to a file of `folder` and returns its path. @throws TaurecError `empty-data` when nobody writes to it */
export async function saveStandardInput(folder: string): Promise<string> {
  const { stdin } = globalThis.process;
  if (stdin.isTTY)
    throw new TaurecError('empty-data', { file: 'standard input', reason: 'it is a terminal, not a pipe or a file' });
  const path = join(folder, 'standard-input');
  await pipeline(stdin, createWriteStream(path));
  return path;
}

/** A stream that passes bytes on until there are more than `limit`. */
function limited(limit: number, onBytes: () => void, tooLarge: () => never): Transform {
  let bytes = 0;
  return new Transform({
    transform(piece: Uint8Array, _encoding, done) {
      onBytes();
      bytes += piece.length;
      try {
        if (bytes > limit) tooLarge();
        done(null, piece);
      } catch (error) {
        done(error as Error);
      }
    },
  });
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toLocaleString('en', { maximumFractionDigits: 3 });
}

/** A file name without special characters, at most 100 of them. The ending may decide the format. */
function safeName(name: string): string {
  return (
    name
      .replace(/[^\w.-]+/g, '-')
      .slice(-100)
      .replace(/^[.-]+/, '') || 'download'
  );
}

/** The network's reason in plain words; fetch itself only says "fetch failed". */
function reasonOf(error: unknown): string {
  const { cause, message } = error as Error & { cause?: Error & { code?: string } };
  const { code } = cause ?? {};
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'the host name is unknown';
  if (code === 'ECONNREFUSED') return 'no server is listening there';
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|TLS|SSL/.test(code ?? ''))
    return `its certificate is not trusted (${cause!.message}); NODE_EXTRA_CA_CERTS names a file of further authorities`;
  return (cause?.message || message).split('\n', 1)[0]!.replace(/\.$/, '');
}

function remedyOf(status: number): string {
  if (status === 401 || status === 403)
    return 'The file needs a login: download it first, or use an address that is signed.';
  if (status === 404 || status === 410) return 'Check the address.';
  return 'Try again later, or download the file first.';
}
