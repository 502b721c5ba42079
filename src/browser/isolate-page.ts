/** Whether a page is cross-origin isolated, and so may have threads. */
export interface Isolation {
  readonly isolated: boolean;
  /** Why not, as a sentence. Absent if it is. */
  readonly why?: string;
}

/** Set while the page is reloaded, so that a page that stays as it was is not reloaded again. */
const RELOADED = 'taurec-isolation-reloaded';

/**
 * Makes a page of a static host cross-origin isolated, which threads need: registers the service worker `taurec/isolation-worker.js`, which adds the headers that the host does not
 * send, and reloads the page once. The promise then ends with the page. In the reloaded page, in one whose host sends the headers, and wherever it cannot be done, it resolves
 * and nothing is reloaded. It never rejects.
 * @param address of a copy of that file, relative to the page. It must be of the page's origin, in the page's folder or one above, because a service worker serves its own folder only.
 */
export async function isolatePage(address: string | URL): Promise<Isolation> {
  const not = (why: string): Isolation => ({ isolated: false, why });
  if (globalThis.crossOriginIsolated) {
    forgetReload();
    return { isolated: true };
  }
  if (typeof document === 'undefined') return not('Only a page can be isolated; its workers then are too.');
  if (!globalThis.isSecureContext)
    return not('The address of the page is not secure. Serve it by https, or from localhost.');
  if (globalThis.parent !== globalThis.window)
    return not('The page is in a frame: the page around it must be isolated.');
  if (!navigator.serviceWorker) return not('This browser has no service workers here; some private windows have none.');
  let reloaded: string | null;
  try {
    reloaded = sessionStorage.getItem(RELOADED);
  } catch {
    return not('This browser keeps nothing for the page, so it could not stop reloading it.');
  }
  if (reloaded) {
    forgetReload();
    return not('The page was reloaded with the service worker and is still not isolated.');
  }
  try {
    const registration = await navigator.serviceWorker.register(address);
    if (!location.href.startsWith(registration.scope))
      return not(`The service worker serves ${registration.scope}, and the page is not in that folder.`);
    if (!(await activated(registration))) return not('The service worker did not become active.');
    sessionStorage.setItem(RELOADED, '1');
  } catch (error) {
    return not(`The service worker did not start: ${(error as Error).message}`);
  }
  location.reload();
  return new Promise(() => {});
}

function forgetReload(): void {
  try {
    sessionStorage.removeItem(RELOADED);
  } catch {
    // Where nothing is kept, nothing needs to be forgotten.
  }
}

/** Resolves when the service worker is active: true, or false if it will never be. */
function activated({ active, waiting, installing }: ServiceWorkerRegistration): Promise<boolean> {
  const worker = active ?? waiting ?? installing;
  return new Promise((resolve) => {
    const look = () => {
      if (worker?.state === 'activated') resolve(true);
      if (!worker || worker.state === 'redundant') resolve(false);
    };
    worker?.addEventListener('statechange', look);
    look();
  });
}
