import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { Interactions } from '../../src/data/interactions.ts';

/** A folder for the files of one test module, removed after it. */
export const folder = mkdtempSync(join(tmpdir(), 'taurec-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a file of that folder; returns its path. */
export function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** The (user, item) pairs of a log, as texts. */
export function pairs(log: Interactions): [string, string][] {
  return Array.from(log.users, (user, e) => [log.userIds.idOf(user), log.itemIds.idOf(log.items[e]!)]);
}
