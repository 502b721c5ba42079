import type { SandboxFailure, SandboxRequest } from './loss-protocol.ts';

/**
 * The script of a sandbox's frame: starts a worker from the text that it is sent, and hands it the port. The worker is a classic script, because browsers refuse module workers of opaque origins. A policy of the page applies to the frame too, so that it must allow this script by its digest, `sandboxScriptDigest`.
 */
const script = `addEventListener('message',({data,source})=>{const fail=(problem)=>source.postMessage({problem},'*');try{const worker=new Worker(URL.createObjectURL(new Blob([data.program],{type:'text/javascript'})));worker.onerror=(event)=>fail(event.message||'the browser refused the worker');worker.postMessage(data.port,[data.port])}catch(error){fail(String(error))}},{once:true})`;

/** What `script-src` of a page's policy must contain for its sandboxes, without quotes. A test compares it with the script. */
export const sandboxScriptDigest = 'sha256-WjBDpnyFPavhIDKEaryqE3KpcbpBeyXkHwuqWBd4gro=';

/** No network, no storage, no pictures: only this script, and the worker that it makes. */
const policy = `default-src 'none'; script-src '${sandboxScriptDigest}' 'wasm-unsafe-eval' blob:; worker-src blob:`;

/** The document of a sandbox's frame. */
export const sandboxDocument = `<!doctype html><meta http-equiv="Content-Security-Policy" content="${policy}"><script>${script}</script>`;

/** The frames of a page in which typed losses run: of an opaque origin, so that the page's storage and cookies are out of reach. */
export class SandboxFrames {
  readonly #frames = new Map<number, HTMLIFrameElement>();
  readonly #failed: (failure: SandboxFailure) => void;
  readonly #hear = ({ source, data }: MessageEvent<{ readonly problem?: string }>) => {
    for (const [failed, frame] of this.#frames)
      if (source === frame.contentWindow) this.#failed({ failed, problem: String(data?.problem) });
  };

  /** @param failed is told of sandboxes that do not work, and of texts that are no JavaScript */
  constructor(failed: (failure: SandboxFailure) => void) {
    this.#failed = failed;
    globalThis.addEventListener('message', this.#hear);
  }

  async take(request: SandboxRequest): Promise<void> {
    if ('discard' in request) {
      // Its worker ends with the frame.
      this.#frames.get(request.discard)?.remove();
      this.#frames.delete(request.discard);
      return;
    }
    const { sandbox, text, port } = request;
    const frame = document.createElement('iframe');
    frame.setAttribute('sandbox', 'allow-scripts');
    frame.hidden = true;
    frame.srcdoc = sandboxDocument;
    this.#frames.set(sandbox, frame);
    const { program } = await import('./loss-program-text.js');
    // The request may have been withdrawn meanwhile.
    if (this.#frames.get(sandbox) !== frame) return;
    frame.addEventListener('load', () => {
      // An opaque origin has no name: the message goes to this frame alone.
      frame.contentWindow?.postMessage({ program: withLoss(program, text), port }, '*', [port]);
    });
    document.body.append(frame);
  }

  close(): void {
    globalThis.removeEventListener('message', this.#hear);
    for (const frame of this.#frames.values()) frame.remove();
    this.#frames.clear();
  }
}

/** The program with the typed loss: a module with `export default` that imports nothing, or an expression. A worker of an opaque origin is no module, so the module becomes the body of a function. */
function withLoss(program: string, text: string): string {
  const module = text.replace(/^[ \t]*export\s+default\s+/m, 'const typedDefault = ');
  const body = module === text ? `return (\n${text.trim().replace(/;$/, '')}\n);` : `${module}\nreturn typedDefault;`;
  return `globalThis.typedLoss = () => {\n'use strict';\n${body}\n};\n${program}`;
}
