import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { type RunningStudio, type StudioParts, serveStudio } from '../../src/studio/server/serve-studio.ts';
import type { StudioOptions } from '../../src/studio/server/studio-options.ts';
import { FakeSession } from './fake-session.ts';

/** The folder of a test module, removed after it. */
export const base = mkdtempSync(join(tmpdir(), 'taurec-studio-'));
const running: RunningStudio[] = [];
afterAll(async () => {
  await Promise.all(running.map((studio) => studio.close()));
  rmSync(base, { recursive: true, force: true });
});

/** A folder of the test module with files. */
export function folderWith(name: string, files: Readonly<Record<string, string>> = {}): string {
  const folder = join(base, name);
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(folder, file, '..'), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return folder;
}

/** A built page. */
export const site = folderWith('site', {
  'index.html': '<!doctype html><html><head><title>studio</title></head><body></body></html>',
  'assets/app.js': 'export {};',
});

/** A studio over a fake session. */
export async function startFake(
  options: StudioOptions = {},
  folder = folderWith('data'),
  parts: Partial<StudioParts> = {},
) {
  const fake = new FakeSession();
  const ended: string[] = [];
  const log: string[] = [];
  const studio = await serveStudio(
    folder,
    { port: 0, ...options },
    {
      site,
      writeLog: (line) => log.push(line),
      work: () => ({ session: fake.session, end: async () => void ended.push('end') }),
      ...parts,
    },
  );
  running.push(studio);
  return { studio, fake, ended, log, folder };
}

/** The cookie of a studio, as a browser sends it. */
export async function cookieOf({ url, token }: RunningStudio): Promise<string> {
  const response = await fetch(`${url}api/session`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  return response.headers.getSetCookie()[0]!.split(';', 1)[0]!;
}

/** The answer to a request, whatever headers it has: `fetch` sets some of its own. */
export async function request(
  studio: RunningStudio,
  path: string,
  { method = 'GET', headers = {}, body }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<{ status: number; headers: Record<string, string | string[] | undefined>; text: string }> {
  const { request: open } = await import('node:http');
  const { hostname, port } = new URL(studio.url);
  return new Promise((resolve, reject) => {
    const outgoing = open({ host: hostname, port, path, method, headers, agent: false }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      incoming.on('end', () => resolve({ status: incoming.statusCode!, headers: incoming.headers, text }));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
