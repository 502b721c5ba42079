// The program of the worker of a page's session: a workbench that answers the page through a port.

import { answerCalls } from '../calls.ts';
import { Workbench } from '../workbench/workbench.ts';
import type { SandboxFailure, SandboxRequest } from './loss-protocol.ts';
import { pageHost } from './page-host.ts';
import { SandboxedLosses } from './sandboxed-losses.ts';

/** The first message to the worker. Ports keep what comes before they are listened to. */
export interface WorkbenchStart {
  /** The calls of the session. */
  readonly calls: MessagePort;
  /** Sandboxes: requests to the page, failures from it. */
  readonly sandboxes: MessagePort;
}

globalThis.addEventListener('message', ({ data }: MessageEvent<WorkbenchStart>) => void begin(data), { once: true });

async function begin({ calls, sandboxes }: WorkbenchStart): Promise<void> {
  const losses = new SandboxedLosses((request: SandboxRequest, transfer) => sandboxes.postMessage(request, transfer));
  sandboxes.onmessage = ({ data }: MessageEvent<SandboxFailure>) => losses.fail(data);
  answerCalls(new Workbench(await pageHost(losses)), calls);
}
