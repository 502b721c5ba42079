import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import type { FeedbackEvent, FeedbackLog, StoredFeedback } from '../../src/feedback/feedback-log.ts';
import { saveModel } from '../../src/model/model-directory.ts';
import { responseSchemas } from '../../src/server/response-schemas.ts';
import { type RunningServer, type ServedModels, type ServeOptions, serve } from '../../src/server/serve.ts';
import { type RandomModelOptions, randomModel } from '../support/random-model.ts';

/** The folder of a test module, removed after it. */
export const folder = mkdtempSync(join(tmpdir(), 'taurec-server-'));
const running: RunningServer[] = [];
afterAll(async () => {
  await Promise.all(running.map((server) => server.close()));
  rmSync(folder, { recursive: true, force: true });
});

/** Ids that paths and texts may stumble over. */
export const oddIds = [
  'a/b',
  'a b',
  'ä“ö”',
  '100%',
  '%2F',
  'a?b#c',
  '日本',
  "o'neil",
  '__proto__',
  'a+b',
  '"q"',
  'x&k=1',
];

/** Saves a random model into the folder; returns its directory. */
export async function model(name: string, options: RandomModelOptions = {}): Promise<string> {
  const directory = join(folder, name);
  await saveModel(directory, randomModel({ users: 30, items: 60, dimension: 8, titles: true, ...options }));
  return directory;
}

/** Serves on a free port, without a log, until the test module ends. */
export async function start(models: ServedModels, options: ServeOptions = {}): Promise<RunningServer> {
  const quick: ServeOptions = { port: 0, threads: 1, logLevel: 'silent', reloadInterval: 0, shutdownTimeout: 1 };
  const server = await serve(models, { ...quick, ...options });
  running.push(server);
  return server;
}

/** The id of a list of a plain model folder, for a request without a place. */
export const someList = expect.stringMatching(/^\.[0-9a-f]{8}\.\.[\w-]{12}$/);

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: JSON
  readonly json: any;
}

/** Sends a request; a body that is no text is sent as JSON. */
export async function ask(
  server: RunningServer,
  path: string,
  body?: unknown,
  init: RequestInit = {},
): Promise<Answer> {
  const sends = body !== undefined;
  const response = await fetch(`${server.url}${path}`, {
    method: sends ? 'POST' : 'GET',
    ...(sends && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    ...init,
    headers: { ...(sends && { 'Content-Type': 'application/json' }), ...(init.headers as Record<string, string>) },
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '') && text !== '';
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
}

/** Insists on a problem document of this status and code, without a stack. */
export function expectProblem(answer: Answer, status: number, code?: string): void {
  expect(answer.status, answer.text).toBe(status);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  const document = responseSchemas.problem.parse(answer.json);
  expect(document.status).toBe(status);
  expect(document.instance).toBe(`urn:taurec:request:${answer.headers.get('x-request-id')}`);
  expect(answer.text).not.toMatch(/node:internal|\.js:\d+|\\n {4}at /);
  if (code !== undefined) expect(document.code).toBe(code);
}

/** Sends bytes over a connection of their own, piece by piece; resolves with all that came back when the server closes it. */
export function raw({ host, port }: RunningServer, ...pieces: readonly (string | Buffer)[]): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, host);
    socket.setEncoding('latin1').on('data', (data: string) => {
      text += data;
    });
    // A server that refuses a body closes while it is still being sent.
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
    for (const piece of pieces) socket.write(piece);
  });
}

/** A feedback log in memory: what an array holds survives the log that wrote it. */
export class MemoryFeedback implements FeedbackLog {
  readonly place = 'memory';
  readonly stored: StoredFeedback[];
  failing = false;
  closed = false;

  constructor(stored: StoredFeedback[] = []) {
    this.stored = stored;
  }

  async append(events: readonly FeedbackEvent[]): Promise<number> {
    await this.check();
    const ids = new Set(this.stored.map(({ id }) => id));
    const fresh = events.filter(({ id }, at) => {
      if (id === undefined) return true;
      return !ids.has(id) && events.findIndex((other) => other.id === id) === at;
    });
    for (const event of fresh) this.stored.push({ ...event, sequence: this.stored.length + 1 });
    return fresh.length;
  }

  async *read(after = 0): AsyncIterable<StoredFeedback[]> {
    for (let at = after; at < this.stored.length; at += 3) yield this.stored.slice(at, at + 3);
  }

  async find(user: string, { item }: { item?: string } = {}): Promise<StoredFeedback[]> {
    await this.check();
    return this.stored.filter((event) => event.user === user && (item === undefined || event.item === item));
  }

  async check(): Promise<void> {
    if (this.failing) throw new Error('secret-host is down');
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}
