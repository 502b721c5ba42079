import type { Control } from './session.ts';

/** What is sent, as `fetch` takes it. */
export interface Upload {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Blob;
  readonly signal?: AbortSignal;
}

/**
 * As `fetch`, for a body that is a file: `onProgress` is told the bytes that are sent. XMLHttpRequest counts them in every browser; where there is none, as in Node, nothing is told.
 */
export function upload(address: string, sent: Upload, onProgress?: Control['onProgress']): Promise<Response> {
  if (typeof XMLHttpRequest === 'undefined') return fetch(address, sent);
  const { method, headers, body, signal } = sent;
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, address);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => onProgress?.({ done: loaded, total });
    request.onload = () => {
      const { status, statusText } = request;
      resolve(new Response(request.responseText, { status, statusText }));
    };
    request.onerror = () => reject(new Error('the connection broke'));
    request.onabort = () => reject(signal?.reason);
    request.send(body);
    const abort = () => request.abort();
    signal?.addEventListener('abort', abort);
    request.onloadend = () => signal?.removeEventListener('abort', abort);
    if (signal?.aborted) abort();
  });
}
