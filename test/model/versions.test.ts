import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { currentModel } from '../../src/model/current-version.ts';
import { openModel, saveModel } from '../../src/model/model-directory.ts';
import { listVersions, makeCurrent, publishModel, rollBack } from '../../src/model/versions.ts';
import { lockFolder } from '../../src/platform/folder-lock.ts';
import { forgetUser } from '../../src/training/update/forget-user.ts';
import { rejectionOf } from '../support/error-of.ts';
import { draws } from '../support/property-seed.ts';
import { randomModel } from '../support/random-model.ts';

const root = mkdtempSync(join(tmpdir(), 'taurec-versions-'));
afterAll(() => rmSync(root, { recursive: true }));
const modelOf = (seed: number) => randomModel({ users: 4, items: 5, dimension: 2, seed });
const source = join(root, 'source');
beforeAll(() => saveModel(source, modelOf(9)));

let folders = 0;
const newFolder = () => join(root, `published${++folders}`);

describe('published versions', () => {
  test('any sequence of publications and rollbacks: as a stack of versions', async () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.constant({ kind: 'publish' } as const) },
      { weight: 2, arbitrary: fc.constant({ kind: 'rollback' } as const) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('current' as const), at: fc.nat(20) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.integer({ min: 2, max: 4 }), async (steps, keep) => {
        const folder = newFolder();
        // The plain reading: names held, oldest first, and the stack of what was current.
        let held: string[] = [];
        let stack: string[] = [];
        let last = 0;
        for (const one of [{ kind: 'publish' } as const, ...steps]) {
          if (one.kind === 'publish') {
            const { name } = await publishModel(modelOf(last), folder, { keep });
            expect(name).toBe(`v${++last}`);
            held.push(name);
            stack.push(name);
            const safe = [name, stack.filter((known) => known !== name && held.includes(known)).at(-1)];
            const leaving = held.filter((known) => !safe.includes(known)).slice(0, Math.max(0, held.length - keep));
            held = held.filter((known) => !leaving.includes(known));
            stack = stack.filter((known) => held.includes(known));
          } else if (one.kind === 'current') {
            const name = held[one.at % held.length]!;
            await makeCurrent(folder, name);
            if (stack.at(-1) !== name) stack.push(name);
          } else {
            const current = stack.at(-1)!;
            const before = stack.findLastIndex((name) => name !== current);
            if (before < 0) {
              expect((await rejectionOf(rollBack(folder))).code).toBe('no-earlier-version');
              continue;
            }
            stack = stack.slice(0, before + 1);
            expect((await rollBack(folder)).name).toBe(stack.at(-1));
          }
          const { current, versions } = await listVersions(folder);
          expect(current).toBe(stack.at(-1));
          expect(versions.map(({ name }) => name)).toEqual(held);
          expect(readdirSync(folder).sort()).toEqual([...held, 'versions.json'].sort());
          expect(await currentModel(folder)).toBe(join(folder, current));
        }
        const { current } = await listVersions(folder);
        const { items } = await openModel(folder);
        expect(items.data).toEqual(modelOf(Number(current.slice(1)) - 1).items.data);
      }),
      draws(25),
    );
  });

  test('a folder is copied without checkpoints, whole or not at all', async () => {
    const folder = newFolder();
    const given = join(root, 'with-checkpoint');
    cpSync(source, given, { recursive: true });
    writeFileSync(join(given, 'checkpoint.safetensors'), 'half a training');
    await publishModel(given, folder, { note: 'the first' });
    expect(readdirSync(join(folder, 'v1')).sort()).toEqual(readdirSync(source).sort());
    expect((await listVersions(folder)).versions).toMatchObject([
      { name: 'v1', users: 4, items: 5, note: 'the first' },
    ]);
    writeFileSync(join(given, 'embeddings.safetensors'), 'damaged');
    await expect(publishModel(given, folder)).rejects.toThrow();
    expect(readdirSync(folder).sort()).toEqual(['v1', 'versions.json']);
    // What a killed publication leaves does not stay, and its number is not used again while it is there.
    cpSync(source, join(folder, 'v2'), { recursive: true });
    cpSync(source, join(folder, 'v3.1-00000000.tmp'), { recursive: true });
    expect((await publishModel(source, folder)).name).toBe('v3');
    expect(existsSync(join(folder, 'v3.1-00000000.tmp'))).toBe(false);
    // A version of the folder itself can be published again.
    expect((await publishModel(folder, folder)).name).toBe('v4');
  });

  test('refusals name the folder and the remedy', async () => {
    const folder = newFolder();
    expect((await rejectionOf(listVersions(source))).message).toContain('taurec publish MODEL --to');
    expect((await rejectionOf(publishModel(source, source))).code).toBe('not-versions');
    expect((await rejectionOf(publishModel(source, folder, { keep: 1 }))).code).toBe('bad-option');
    expect((await rejectionOf(rollBack(folder))).code).toBe('no-versions');
    expect((await rejectionOf(makeCurrent(folder, 'v1'))).code).toBe('no-versions');
    expect(existsSync(folder)).toBe(false);
    await publishModel(source, folder);
    expect((await rejectionOf(makeCurrent(folder, 'v7'))).message).toContain('v1');
    expect((await rejectionOf(saveModel(folder, modelOf(1)))).message).toContain('published versions');
    const release = lockFolder(folder);
    expect((await rejectionOf(publishModel(source, folder))).code).toBe('folder-in-use');
    release();
    writeFileSync(join(folder, 'versions.json'), '{"current":');
    expect((await rejectionOf(openModel(folder))).code).toBe('damaged-versions');
    expect((await rejectionOf(publishModel(source, folder))).code).toBe('damaged-versions');
  });

  test('a user is forgotten in every version', async () => {
    const folder = newFolder();
    await publishModel(source, folder);
    await publishModel(source, folder);
    const user = (await openModel(folder)).userIds.idOf(1);
    expect((await forgetUser(folder, user)).known).toBe(true);
    for (const version of ['v1', 'v2']) {
      expect((await openModel(join(folder, version))).userIds.indexOf(user)).toBe(-1);
    }
  });
});
