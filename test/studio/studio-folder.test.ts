import { readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StudioFolder } from '../../src/studio/server/studio-folder.ts';
import { ServerSession } from '../../src/studio/server-session.ts';
import { rejectionOf } from '../support/error-of.ts';
import { base, cookieOf, folderWith, request, startFake } from './studio.ts';

const log = 'user,item\na,x\n';

describe('the folder of a studio', () => {
  it('lists data and models below it, and nothing else', async () => {
    const folder = folderWith('listed', {
      'ratings.csv': log,
      'b/clicks.tsv.gz': log,
      'b/deep/er/titles.txt': log,
      'u.data': log,
      '.hidden.csv': log,
      '_part.csv': log,
      '.git/config.csv': log,
      'node_modules/x/data.csv': log,
      'package.json': '{}',
      'taurec.config.ts': 'throw 1',
      'notes.md': '',
      'models/one/config.json': '{}',
      'models/one/embeddings.safetensors': '',
      'models/one/history.csv': log,
      'published/versions.json': '{}',
      'published/v1/config.json': '{}',
      'published/v1/embeddings.safetensors': '',
    });
    const { files, models } = await (await StudioFolder.open(folder)).list();
    expect(files.map(({ name }) => name)).toEqual(['b/clicks.tsv.gz', 'b/deep/er/titles.txt', 'ratings.csv', 'u.data']);
    expect(models.map(({ name }) => name)).toEqual(['models/one', 'published']);
    expect(files[2]).toMatchObject({ bytes: log.length });
    expect(new Set(files.map(({ id }) => id)).size).toBe(files.length);
  });

  it('follows no link out of it', async () => {
    const outside = folderWith('outside', { 'secret.csv': log, 'model/config.json': '{}' });
    const folder = folderWith('linked', { 'in.csv': log, 'sub/own.csv': log });
    symlinkSync(join(outside, 'secret.csv'), join(folder, 'link.csv'));
    symlinkSync(outside, join(folder, 'out'));
    symlinkSync(join(base, '..'), join(folder, 'up'));
    symlinkSync('../outside/secret.csv', join(folder, 'relative.csv'));
    symlinkSync('sub/own.csv', join(folder, 'inner.csv'));
    symlinkSync('/dev/zero', join(folder, 'zero.csv'));
    symlinkSync('nowhere', join(folder, 'dangling.csv'));
    symlinkSync('.', join(folder, 'loop'));
    const opened = await StudioFolder.open(folder);
    const { files, models } = await opened.list();
    expect(files.map(({ name }) => name)).toEqual(['in.csv', 'inner.csv', 'sub/own.csv']);
    expect(models).toEqual([]);
    // A file that became a link after it was listed.
    const { id } = files[0]!;
    rmSync(join(folder, 'in.csv'));
    symlinkSync(join(outside, 'secret.csv'), join(folder, 'in.csv'));
    expect(await rejectionOf(opened.pathOf(id))).toMatchObject({ code: 'unknown-name' });
  });

  it('says how many it does not list', async () => {
    const few = await StudioFolder.open(folderWith('few', { 'a.csv': log }));
    expect(await few.list()).not.toHaveProperty('unlisted');
    const files = Object.fromEntries(Array.from({ length: 2003 }, (_, n) => [`deep/${n}.csv`, log]));
    const many = await StudioFolder.open(folderWith('many', { 'first.csv': log, ...files }));
    const { files: listed, models, unlisted } = await many.list();
    expect(listed).toHaveLength(2000);
    expect(models).toEqual([]);
    // What lies least deep is listed.
    expect(listed.map(({ name }) => name)).toContain('first.csv');
    expect(unlisted).toMatch(/^2,000 of 2,004 files and models .*taurec studio FOLDER/);
  });

  it('is not fooled by a folder whose name begins like its own', async () => {
    const folder = folderWith('twin');
    const twin = folderWith('twin-secret', { 'a.csv': log });
    symlinkSync(join(twin, 'a.csv'), join(folder, 'a.csv'));
    expect((await (await StudioFolder.open(folder)).list()).files).toEqual([]);
  });

  it('opens a file by its id only', async () => {
    const opened = await StudioFolder.open(folderWith('ids', { 'a.csv': log }));
    const [file] = (await opened.list()).files;
    expect(await opened.pathOf(file!.id)).toBe(file!.path);
    for (const id of ['a.csv', './a.csv', '../ids/a.csv', file!.path, '/etc/passwd', '%2e%2e%2f', '', 'file-']) {
      expect(await rejectionOf(opened.pathOf(id))).toMatchObject({ code: 'unknown-name' });
    }
  });

  it('is a folder that is there', async () => {
    folderWith('plain', { 'a.csv': log });
    for (const path of ['plain/a.csv', 'missing']) {
      expect(await rejectionOf(StudioFolder.open(join(base, path)))).toMatchObject({ code: 'file-not-found' });
    }
  });
});

describe('a file that a page sends', () => {
  const joined = async (name: string, uploadLimit?: number) => {
    const folder = folderWith(name);
    const { studio } = await startFake(uploadLimit === undefined ? {} : { uploadLimit }, folder);
    return { folder, studio, session: await ServerSession.join(studio.url, studio.token) };
  };

  it('is written byte for byte, under a name that is free', async () => {
    const { folder, session } = await joined('sent');
    writeFileSync(join(folder, 'a.csv'), 'old');
    const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) % 256);
    const progress: number[] = [];
    const first = await session.add(new File([bytes], 'a.csv'), { onProgress: ({ done }) => progress.push(done) });
    const second = await session.add(new File(['2'], 'a.csv'));
    const packed = await session.add(new File(['3'], 'a.csv.gz'));
    expect([first, second, packed].map(({ name }) => name)).toEqual(['a-2.csv', 'a-3.csv', 'a.csv.gz']);
    expect(first).toMatchObject({ kind: 'file', bytes: bytes.length });
    expect(Buffer.compare(readFileSync(join(folder, 'a-2.csv')), bytes)).toBe(0);
    expect(readFileSync(join(folder, 'a.csv'), 'utf8')).toBe('old');
    // Node's fetch does not tell how far it is.
    expect(progress).toEqual([]);
    expect(readdirSync(folder).sort()).toEqual(['a-2.csv', 'a-3.csv', 'a.csv', 'a.csv.gz']);
    const ids = (await (await StudioFolder.open(folder)).list()).files.map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining([first.id, second.id, packed.id]));
  });

  it.each([
    '../a.csv',
    '..\\a.csv',
    '/etc/cron.d/a.csv',
    'C:a.csv',
    'sub/a.csv',
    '.a.csv',
    '_a.csv',
    '-rf.csv',
    ' a.csv',
    'a.csv\0.txt',
    'a\n.csv',
    'a.csv ',
    'a.csv.',
    'taurec.config.ts',
    'index.html',
    'package.json',
    'tsconfig.json',
    'taurec.config.json',
    'versions.json',
    'a.mjs',
    'a',
    `${'a'.repeat(130)}.csv`,
  ])('is refused under the name %j', async (name) => {
    const { folder, studio } = await joined('refused');
    const headers = { 'Content-Type': 'application/octet-stream', Cookie: await cookieOf(studio) };
    for (const query of [encodeURIComponent(name), encodeURIComponent(name).replaceAll('.', '%2e')]) {
      const { status, text } = await request(studio, `/api/files?name=${query}`, {
        method: 'POST',
        headers,
        body: log,
      });
      expect(status).toBe(400);
      expect(text).toContain('bad-option');
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  it('never leaves the folder, whatever its name', async () => {
    const { folder, studio } = await joined('any');
    const headers = { 'Content-Type': 'application/octet-stream', Cookie: await cookieOf(studio) };
    const before = readdirSync(base);
    const part = fc.constantFrom('..', '/', '\\', '.', 'a', '%2f', 'csv', '\0', '~', ':', '%', '.csv', '*');
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 8 }), async (parts) => {
        const query = encodeURIComponent(parts.join(''));
        await request(studio, `/api/files?name=${query}`, { method: 'POST', headers, body: log });
        for (const name of readdirSync(folder)) expect(name).toMatch(/^[^./\\:][^/\\:]*\.csv$/);
      }),
    );
    expect(readdirSync(base)).toEqual(before);
  });

  it('is refused whole when it is too large, announced or not', async () => {
    const { folder, studio, session } = await joined('large', 1000);
    expect(await rejectionOf(session.add(new File(['x'.repeat(1001)], 'a.csv')))).toMatchObject({
      code: 'file-too-large',
      facts: { limit: 1000 },
    });
    const headers = {
      'Content-Type': 'application/octet-stream',
      'Transfer-Encoding': 'chunked',
      Cookie: await cookieOf(studio),
    };
    const { status } = await request(studio, '/api/files?name=a.csv', {
      method: 'POST',
      headers,
      body: 'x'.repeat(2000),
    });
    expect(status).toBe(413);
    expect(readdirSync(folder)).toEqual([]);
    expect((await session.add(new File(['x'.repeat(1000)], 'a.csv'))).bytes).toBe(1000);
  });

  it('leaves nothing when its sender goes away', async () => {
    const { folder, session } = await joined('gone');
    const stop = new AbortController();
    const slow = new ReadableStream({
      pull: (controller) => {
        controller.enqueue(new Uint8Array(1000));
        if (readdirSync(folder).length > 0) stop.abort();
        return new Promise((resolve) => setTimeout(resolve, 1));
      },
    });
    const file = Object.assign(new File([], 'a.csv'), {});
    // `fetch` reads the file as a stream that does not end.
    Object.defineProperty(file, 'stream', { value: () => slow });
    Object.defineProperty(file, 'size', { value: 10_000_000 });
    const error = await rejectionOf(session.add(file, { signal: stop.signal }));
    expect(['aborted', 'session-lost']).toContain(error.code);
    await expect.poll(() => readdirSync(folder), { timeout: 30_000 }).toEqual([]);
  });
});

describe('paths of requests', () => {
  it.each([
    '/../package.json',
    '/..%2f..%2fetc%2fpasswd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/assets/..%2findex.html',
    '//etc/passwd',
    '/assets//app.js',
    '/assets%2fapp.js',
    '/assets/app.js%00.html',
    '/assets\\..\\index.html',
    '/assets/',
    '/%',
  ])('reach no file outside of the page: %s', async (path) => {
    const { studio } = await startFake();
    const { status, text } = await request(studio, path);
    expect([400, 404]).toContain(status);
    expect(text).not.toContain('<html>');
  });
});
