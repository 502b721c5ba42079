// The program of a service worker that makes the pages of a static host cross-origin isolated. The build writes it as a classic script, dist/browser/isolation-worker.js.

/** The part of a service worker's events that the program uses; the types of a page do not have them. */
interface WorkerEvent extends Event {
  readonly request: Request;
  waitUntil(done: Promise<unknown>): void;
  respondWith(answer: Promise<Response>): void;
}

interface ServiceWorkerScope {
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate' | 'fetch', listener: (event: WorkerEvent) => void): void;
}

const worker = globalThis as unknown as ServiceWorkerScope;
const isolating = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };
/** What has an agent of its own. Other files of the same origin need no header, and those of other origins cannot be given one: they go past this worker. */
const agents = ['document', 'iframe', 'frame', 'worker', 'sharedworker'];

worker.addEventListener('install', (event) => event.waitUntil(worker.skipWaiting()));
worker.addEventListener('activate', (event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener('fetch', (event) => {
  const { request } = event;
  if (agents.includes(request.destination) && new URL(request.url).origin === location.origin)
    event.respondWith(fetch(request).then(isolated));
});

/** The response with the headers of isolation; a redirection, whose headers and body are hidden, as it is. */
function isolated(response: Response): Response {
  if (response.status === 0) return response;
  const { status, statusText, body } = response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(isolating)) headers.set(name, value);
  headers.set('cross-origin-resource-policy', headers.get('cross-origin-resource-policy') ?? 'same-origin');
  return new Response(body, { status, statusText, headers });
}
