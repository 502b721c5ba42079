import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folderStore } from '../../src/studio/server/folder-store.ts';
import { StudioFolder } from '../../src/studio/server/studio-folder.ts';
import { rejectionOf } from '../support/error-of.ts';
import { folderWith } from './studio.ts';

test('openings that are counted at the same time are all counted', async () => {
  const folder = folderWith('openings', { 'models/keep.txt': '' });
  const store = folderStore(await StudioFolder.open(folder));
  const counts = await Promise.all(Array.from({ length: 8 }, () => store.countOpening('data')));
  expect(counts).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(await folderStore(await StudioFolder.open(folder)).opened('data')).toBe(8);
});

test('counts that cannot be read are not taken for none', async () => {
  const folder = folderWith('damaged-openings', { 'models/keep.txt': '' });
  const store = folderStore(await StudioFolder.open(folder));
  writeFileSync(join(folder, 'models/studio-openings.json'), '{"data": 3');
  expect(await rejectionOf(store.opened('data'))).toMatchObject({ code: 'damaged-file' });
  expect(await rejectionOf(store.countOpening('data'))).toMatchObject({ code: 'damaged-file' });
});
