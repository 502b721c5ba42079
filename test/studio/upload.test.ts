import { afterEach, expect, test, vi } from 'vitest';
import { upload } from '../../src/studio/upload.ts';

/** What a browser's XMLHttpRequest does, for one that answers when it is told to. */
class FakeRequest {
  static last: FakeRequest;
  readonly upload: { onprogress?: (event: { loaded: number; total: number }) => void } = {};
  readonly sent: unknown[] = [];
  readonly headers: Record<string, string> = {};
  status = 0;
  statusText = '';
  responseText = '';
  onload?: () => void;
  onerror?: () => void;
  onabort?: () => void;
  onloadend?: () => void;
  constructor() {
    FakeRequest.last = this;
  }
  open(...args: unknown[]) {
    this.sent.push(args);
  }
  setRequestHeader(name: string, value: string) {
    this.headers[name] = value;
  }
  send(body: unknown) {
    this.sent.push(body);
  }
  abort() {
    this.onabort?.();
    this.onloadend?.();
  }
}

const body = new Blob(['0123456789']);
const sent = { method: 'POST', headers: { 'Content-Type': 'application/octet-stream' }, body };

afterEach(() => vi.unstubAllGlobals());

test('a browser tells the bytes as they are sent, and the answer is a response', async () => {
  vi.stubGlobal('XMLHttpRequest', FakeRequest);
  const told: unknown[] = [];
  const answer = upload('/api/files', sent, (progress) => told.push(progress));
  const { last } = FakeRequest;
  expect([last.sent, last.headers]).toEqual([[['POST', '/api/files'], body], sent.headers]);
  for (const loaded of [3, 7, 10]) last.upload.onprogress!({ loaded, total: 10 });
  Object.assign(last, { status: 422, statusText: 'Unprocessable', responseText: '{"failure":1}' });
  last.onload!();
  expect(told).toEqual([3, 7, 10].map((done) => ({ done, total: 10 })));
  const { ok, status } = await answer;
  expect([ok, status, await (await answer).json()]).toEqual([false, 422, { failure: 1 }]);
});

test('an upload that is stopped, or whose connection breaks, fails', async () => {
  vi.stubGlobal('XMLHttpRequest', FakeRequest);
  const broken = upload('/x', sent);
  FakeRequest.last.onerror!();
  await expect(broken).rejects.toThrow('the connection broke');
  for (const late of [false, true]) {
    const stop = new AbortController();
    if (!late) stop.abort();
    const stopped = upload('/x', { ...sent, signal: stop.signal });
    stop.abort();
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
  }
});
