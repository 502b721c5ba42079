import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { bars, figure, figureFile } from '../../scripts/readme-figure.mjs';

test('the picture of the README is what the recipes and the published results give; to renew it: node scripts/readme-figure.mjs', () => {
  expect(figure()).toBe(readFileSync(figureFile, 'utf8'));
});

test('its numbers are in the table of docs/results.md', () => {
  const results = readFileSync(`${import.meta.dirname}/../../docs/results.md`, 'utf8');
  const shown = bars().map(({ value }) => value.toFixed(4).slice(1));
  expect(shown).toHaveLength(12);
  for (const number of shown) expect(results).toContain(number);
});

test('the README shows the picture, has its two commands word for word, and at most 800 words', () => {
  const readme = readFileSync(`${import.meta.dirname}/../../README.md`, 'utf8');
  expect(readme).toContain('](docs/images/results.svg)');
  expect(readme).toMatch(/^ {4}npm install && npx taurec demo /m);
  expect(readme).toMatch(/^ {4}npm install-test /m);
  expect(readme.split(/\s+/).filter(Boolean).length).toBeLessThanOrEqual(800);
});
