import { TaurecError } from '../../errors.ts';
import { piecesOf } from '../../platform/text-pieces.ts';
import { shownSource } from './source-name.ts';

/** Longest wait for the first answer, and for the next bytes, in milliseconds. */
const patience = 60_000;

/**
 * Fetches a URL and yields its bytes. A redirect from https to http is refused, and so is a page of HTML, which is a login or an error, never data.
 * @param limit the most bytes to accept
 * @throws TaurecError `download-failed`
 */
export async function* fetchBytes(url: string, limit: number): AsyncGenerator<Uint8Array> {
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
  const headers = login === undefined ? undefined : { authorization: `Basic ${base64(login)}` };
  const stop = new AbortController();
  let timer = setTimeout(() => stop.abort(), patience);
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
    let bytes = 0;
    for await (const piece of piecesOf(answer.body!)) {
      clearTimeout(timer);
      timer = setTimeout(() => stop.abort(), patience);
      bytes += piece.length;
      if (bytes > limit) tooLarge();
      yield piece;
    }
  } catch (error) {
    if (error instanceof TaurecError) throw error;
    if (stop.signal.aborted)
      fail(`no bytes came within ${patience / 1000} seconds`, 'Try again, or download the file first.', error);
    fail(reasonOf(error), 'Check the address and the connection, or download the file first.', error);
  } finally {
    clearTimeout(timer);
    stop.abort();
  }
}

/** The UTF-8 of a text in base64. */
function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toLocaleString('en', { maximumFractionDigits: 3 });
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
