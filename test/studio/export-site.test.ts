import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportSite } from '../../src/studio/server/export-site.ts';
import { rejectionOf } from '../support/error-of.ts';
import { base, folderWith, site } from './studio.ts';

/** The names below a folder, without folders. */
const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

const exported = ['assets/app.js', 'index.html', 'isolation-worker.js', 'taurec-studio.json'];

describe('an exported studio', () => {
  it('is the page with its policy and the service worker that isolates it', async () => {
    const target = join(base, 'new/site');
    const { folder, files, bytes } = await exportSite(target, site);
    expect([folder, files]).toEqual([target, exported.length]);
    expect(filesIn(target)).toEqual(exported);
    expect(bytes).toBe(exported.reduce((sum, name) => sum + readFileSync(join(target, name)).length, 0));
    const page = readFileSync(join(target, 'index.html'), 'utf8');
    // First of all: what comes before a policy is not held to it.
    expect(page).toMatch(
      /<head><meta http-equiv="Content-Security-Policy" content="default-src 'self'; [^"]*form-action 'none'">/,
    );
    expect(page).toContain('<meta name="taurec-session" content="page">');
    expect(page).not.toContain('frame-ancestors');
    expect(readFileSync(join(target, 'assets/app.js'))).toEqual(readFileSync(join(site, 'assets/app.js')));
    expect(readFileSync(join(target, 'isolation-worker.js'), 'utf8')).toContain('cross-origin-embedder-policy');
  });

  it('replaces an earlier one and leaves what is not its own', async () => {
    const target = join(base, 'again');
    const old = folderWith('old-site', { 'index.html': '<head></head>', 'assets/old.js': '1', 'old.txt': '' });
    await exportSite(target, old);
    expect(filesIn(target)).toContain('assets/old.js');
    writeFileSync(join(target, 'CNAME'), 'studio.example');
    mkdirSync(join(target, '.git'));
    writeFileSync(join(target, '.git/HEAD'), 'ref');
    await exportSite(target, site);
    expect(filesIn(target)).toEqual(['.git/HEAD', 'CNAME', ...exported].sort());
  });

  it('takes an empty folder, and no other', async () => {
    await exportSite(folderWith('empty'), site);
    expect(filesIn(join(base, 'empty'))).toEqual(exported);
    const full = folderWith('full', { 'thesis.tex': 'years' });
    expect(await rejectionOf(exportSite(full, site))).toMatchObject({
      code: 'not-a-site',
      facts: { got: 'thesis.tex' },
    });
    expect(await rejectionOf(exportSite(join(full, 'thesis.tex'), site))).toMatchObject({ code: 'not-a-site' });
    // A page of another program, with a mark that is none.
    const other = folderWith('other', { 'index.html': '', 'taurec-studio.json': '{"format":"x"}' });
    expect(await rejectionOf(exportSite(other, site))).toMatchObject({ code: 'not-a-site' });
    expect(filesIn(full)).toEqual(['thesis.tex']);
  });

  it('needs the built page', async () => {
    const target = join(base, 'none');
    expect(await rejectionOf(exportSite(target, folderWith('no-page')))).toMatchObject({ code: 'no-studio-site' });
    expect(readdirSync(base)).not.toContain('none');
  });
});
