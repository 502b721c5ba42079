import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sha256 as inBrowser } from '../../src/browser/sha256.ts';
import { sha256 as inNode } from '../../src/platform/sha256.ts';

test('the hash of a browser is that of Node', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (parts) => {
      expect(inBrowser(parts)).toBe(inNode(parts));
    }),
  );
});
