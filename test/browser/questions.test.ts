import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { bundle } from './bundle.ts';
import * as inNode from './modules/questions.mjs';

// The bundle for browsers, run by Node: what it lacks of a page does not matter to these questions.

const folder = mkdtempSync(join(tmpdir(), 'taurec-browser-questions-'));
let inBrowser: typeof inNode;

beforeAll(async () => {
  const { code, metafile } = await bundle("export * from './modules/questions.mjs';");
  expect(Object.keys(metafile.inputs).some((path) => path.endsWith('dist/browser.js'))).toBe(true);
  writeFileSync(join(folder, 'bundle.mjs'), code);
  inBrowser = await import(/* @vite-ignore */ pathToFileURL(join(folder, 'bundle.mjs')).href);
  return () => rmSync(folder, { recursive: true });
}, 60_000);

describe.each([{ engine: 'wasm', build: 'simd' }, { engine: 'reference' }] as const)('$engine', (options) => {
  let expected: Record<string, unknown>;
  let got: Record<string, unknown>;
  beforeAll(async () => {
    expected = await inNode.answers(options);
    got = await inBrowser.answers(options);
  });

  test.each(Object.keys(inNode.questions))('%s: a browser answers what Node does, to the last digit', (name) => {
    expect(plain(got[name])).toEqual(plain(expected[name]));
    expect(JSON.stringify(plain(expected[name])).length).toBeGreaterThan(20);
  });
});

/** Typed arrays and maps as lists: the classes of a bundle are others than Node's. */
function plain(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return Array.from(value as Float32Array);
  if (value instanceof Map) return [...value].map(plain);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}
