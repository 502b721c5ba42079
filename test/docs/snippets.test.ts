import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const markdown = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !name.startsWith('api'))
    .map((name) => join(root, folder, name));
const pages = [join(root, 'README.md'), ...markdown('docs'), ...markdown('examples')];

/** The JavaScript and TypeScript of a page, each block with the extension of its language. */
const snippets = (page: string) =>
  [...readFileSync(page, 'utf8').matchAll(/^```(js|ts)\n([\s\S]*?)^```$/gm)].map(([, language, code]) => ({
    page: relative(root, page),
    language: language!,
    code: code!,
  }));
const all = pages.flatMap(snippets);

/** What a snippet imports of the package: entry and names; types only in TypeScript's `import type`. */
function imports({ code, language }: { code: string; language: string }) {
  const source = ts.createSourceFile(`snippet.${language}`, code, ts.ScriptTarget.Latest);
  return source.statements.filter(ts.isImportDeclaration).flatMap((statement) => {
    const entry = (statement.moduleSpecifier as ts.StringLiteral).text;
    const bindings = statement.importClause?.namedBindings;
    if (!/^taurec(\/|$)/.test(entry) || !bindings || !ts.isNamedImports(bindings)) return [];
    const typeOnly = statement.importClause!.phaseModifier === ts.SyntaxKind.TypeKeyword;
    return typeOnly ? [] : [{ entry, names: bindings.elements.map((element) => element.name.text) }];
  });
}

test('every snippet of the documentation is JavaScript or TypeScript without a syntax error', () => {
  expect(all.length).toBeGreaterThan(25);
  for (const { page, language, code } of all) {
    // A part of an object (`tune: { … },`) is shown without the object around it.
    const text = /^(\/\/.*\n)?\w+: /.test(code) ? `({${code}})` : /^cell\(/.test(code) ? `[${code}]` : code;
    const { diagnostics } = ts.transpileModule(text, {
      reportDiagnostics: true,
      fileName: `snippet.${language}`,
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ESNext },
    });
    expect(
      diagnostics?.map(({ messageText }) => messageText),
      `${page}:\n${code}`,
    ).toEqual([]);
  }
});

const entries = Object.keys(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).exports)
  // files, and scripts that are not imported
  .filter((name) => !/\.(json|js)$/.test(name))
  .map((name) => name.replace(/^\./, 'taurec'));

test.for(entries)('%s exports what the documentation imports from it', async (entry) => {
  const exported = Object.keys(await import(entry));
  for (const snippet of all) {
    for (const { names } of imports(snippet).filter((one) => one.entry === entry)) {
      for (const name of names) expect(exported, snippet.page).toContain(name);
    }
  }
});
