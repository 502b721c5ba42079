import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { version } from '../../src/platform/version.ts';

test('the version is that of package.json', () => {
  const { version: packed } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(version).toBe(packed);
});
