/**
 * Lists the texts of src/ that a person may read: node scripts/words.mjs [--docstrings] [FOLDER]
 * Each line has file, line and text. Lists strings with a space between two words (help texts, errors, notes, report texts) or, with --docstrings, the comments.
 * To review changes of wording, run it on two checkouts and compare.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import ts from 'typescript';

/** @typedef {{ file: string, line: number, text: string }} Words */

/** Every string in a checkout's src/ that has two words with a space between them. @param {string} root @returns {Words[]} */
export function strings(root) {
  return sources(root).flatMap(({ file, tree }) => {
    /** @type {Words[]} */
    const found = [];
    /** @param {ts.Node} node */
    const visit = (node) => {
      if (ts.isImportDeclaration(node) || ts.isLiteralTypeNode(node)) return;
      if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) {
        const text = node.getText(tree).slice(1, -1);
        if (/[A-Za-z]{2,}[,;:]? [A-Za-z]{2,}/.test(text)) found.push({ file, line: lineOf(tree, node), text });
      }
      ts.forEachChild(node, visit);
    };
    visit(tree);
    return found;
  });
}

/** Every comment in a checkout's src/, without comment marks. @param {string} root @returns {Words[]} */
export function comments(root) {
  return sources(root).flatMap(({ file, tree }) =>
    [...tree.text.matchAll(/\/\*\*?([\s\S]*?)\*\/|(?<=^|\s)\/\/ ?(.*)/g)].map((match) => ({
      file,
      line: tree.getLineAndCharacterOfPosition(match.index).line + 1,
      text: (match[1] ?? match[2] ?? '').replace(/\s*\n\s*\*? ?/g, ' ').trim(),
    })),
  );
}

/** @param {string} root */
function sources(root) {
  const source = join(root, 'src');
  return readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .sort()
    .map((name) => {
      const path = join(source, name);
      const tree = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
      return { file: relative(root, path), tree };
    });
}

/** @param {ts.SourceFile} tree @param {ts.Node} node */
function lineOf(tree, node) {
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
}

if (process.argv[1] === import.meta.filename) {
  const { values, positionals } = parseArgs({
    options: { docstrings: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const root = resolve(positionals[0] ?? join(import.meta.dirname, '..'));
  for (const { file, line, text } of values.docstrings ? comments(root) : strings(root))
    console.log(`${file}:${line}\t${text.replaceAll('\n', '\\n')}`);
}
