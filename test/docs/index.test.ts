import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const docs = join(root, 'docs');
const text = (path: string) => readFileSync(path, 'utf8');

/** Every Markdown page under docs/, except the generated API reference. */
const pages = readdirSync(docs, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md') && !name.startsWith('api'))
  .map((name) => join(docs, name));
const frontPages = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md'].map((name) => join(root, name));

/** The links of a page to files of the repository, outside code. */
function links(page: string): { target: string; anchor?: string }[] {
  const prose = text(page)
    .replaceAll(/^```[\s\S]*?^```$/gm, '')
    .replaceAll(/^ {4}.*$/gm, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link]) => link!)
    .filter((link) => !link.includes('://'))
    .map((link) => {
      const [path, anchor] = link.split('#');
      return { target: path ? join(dirname(page), path) : page, ...(anchor !== undefined && { anchor }) };
    });
}

/** The anchors that GitHub gives the headings of a page. */
const anchors = (page: string) =>
  [...text(page).matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replaceAll(/[^\p{Letter}\p{Number} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

test('docs/README.md lists every page', () => {
  const index = join(docs, 'README.md');
  const listed = links(index).map(({ target }) => relative(root, target));
  const expected = pages.filter((page) => page !== index).map((page) => relative(root, page));
  expect(listed.filter((page) => page.startsWith('docs/') && page.endsWith('.md')).sort()).toEqual(expected.sort());
});

describe('every link leads to a file and a heading', () => {
  test.for([...frontPages, ...pages].map((page) => relative(root, page)))('%s', (name) => {
    for (const { target, anchor } of links(join(root, name))) {
      const place = `${relative(root, target)}${anchor === undefined ? '' : `#${anchor}`}`;
      expect(statSync(target, { throwIfNoEntry: false }), place).toBeDefined();
      if (anchor !== undefined) expect(anchors(target), place).toContain(anchor);
    }
  });
});

test('every file of the repository that a page names exists', () => {
  // Decisions are records: what they name may have moved since.
  const current = [...frontPages, ...pages.filter((page) => !page.includes('/decisions/'))];
  for (const page of current) {
    const named = [...text(page).matchAll(/`((?:src|test|scripts|bench|kernels|examples)\/[\w./-]+\.\w+)`/g)];
    const rooms = [...text(page).matchAll(/^\| `(\w+)\/` \|.*\| (`[^|]+`) \|$/gm)].flatMap(([, room, files]) =>
      files!.split(', ').map((file) => `src/${room}/${file.replaceAll('`', '')}`),
    );
    for (const path of [...named.map(([, path]) => path!), ...rooms]) {
      expect(statSync(join(root, path), { throwIfNoEntry: false }), `${relative(root, page)}: ${path}`).toBeDefined();
    }
  }
});
