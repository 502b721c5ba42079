import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { TaurecError } from '../../src/errors.ts';
import { checkWritable, makeFolder } from '../../src/platform/write-fault.ts';

const root = mkdtempSync(join(tmpdir(), 'make-folder-'));
afterAll(() => rmSync(root, { recursive: true }));

describe('makeFolder', () => {
  test('makes what a recursive mkdir makes, and names what was missing', () => {
    let n = 0;
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 }),
        fc.nat(3),
        (names, there) => {
          const [ours, theirs] = [join(root, `ours${n}`), join(root, `theirs${n++}`)];
          for (const base of [ours, theirs]) mkdirSync(join(base, ...names.slice(0, there)), { recursive: true });
          mkdirSync(join(theirs, ...names), { recursive: true });
          const made = makeFolder(join(ours, ...names));
          expect(made.map((path) => relative(ours, path))).toEqual(
            names.map((_, at) => join(...names.slice(0, at + 1))).slice(there),
          );
          expect(readdirSync(ours, { recursive: true })).toEqual(readdirSync(theirs, { recursive: true }));
        },
      ),
      { numRuns: 30 },
    );
  });

  test('below a file: an error with the reason', () => {
    writeFileSync(join(root, 'file'), '');
    expect(() => makeFolder(join(root, 'file', 'folder'))).toThrow(
      /file: cannot be written: a part of its path is a file/,
    );
    expect(() => makeFolder(join(root, 'file'))).toThrow(/file: cannot be written: a part of its path is a file/);
    symlinkSync(join(root, 'nowhere'), join(root, 'link'));
    expect(() => makeFolder(join(root, 'link'))).toThrow(/link: cannot be written/);
  });
});

describe('checkWritable', () => {
  test('leaves no folder behind', async () => {
    await checkWritable(join(root, 'new', 'model'));
    expect(existsSync(join(root, 'new'))).toBe(false);
  });

  // Node's recursive mkdir never ends there.
  test.skipIf(process.platform !== 'linux')('a folder where nothing can be made is refused at once', async () => {
    for (const path of ['/proc/x', '/proc/x/y/z']) {
      const refused = await checkWritable(path).catch((error) => error);
      expect(refused).toBeInstanceOf(TaurecError);
      expect([refused.code, refused.message]).toEqual([
        'cannot-write',
        expect.stringMatching(/^\/proc: cannot be written: .*--out/),
      ]);
    }
  });
});
