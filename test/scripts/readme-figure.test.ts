import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { bars, figure, figureFile } from '../../scripts/readme-figure.mjs';

test('the picture of the README is what the recipes and the published results give; to renew it: node scripts/readme-figure.mjs', () => {
  expect(figure()).toBe(readFileSync(figureFile, 'utf8'));
});

test('its numbers stand in the table of the README', () => {
  const readme = readFileSync(`${import.meta.dirname}/../../README.md`, 'utf8');
  const shown = bars().map(({ value }) => value.toFixed(4).slice(1));
  expect(shown).toHaveLength(9);
  for (const number of shown) expect(readme.slice(readme.indexOf('\n## Results'))).toContain(number);
});
