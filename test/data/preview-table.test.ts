import fc from 'fast-check';
import { expect, test } from 'vitest';
import { previewTable as previewInBrowser } from '../../src/browser.ts';
import { previewTable } from '../../src/index.ts';
import { file } from './temporary.ts';

const cell = fc.constantFrom('a', 'b7', '3', '4.5', '2024-01-02', 'x y', '"q;r"', '');

test('a table looks in Node as it does in a browser', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('csv', 'tsv', 'txt'),
      fc.constantFrom(',', ';', '\t'),
      fc.constantFrom('user,item,rating', 'order_date,customer,sku', '1,2,3'),
      fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 1, max: 15 }),
      async (ending, separator, header, rows, count) => {
        const text = [header.split(','), ...rows].map((row) => row.join(separator)).join('\n');
        const name = `log.${ending}`;
        const path = file(name, text);
        const seen = async (preview: Promise<object>) =>
          preview.then(
            (one) => JSON.parse(JSON.stringify(one).replaceAll(path, name)),
            ({ code }) => ({ code }),
          );
        const inBrowser = previewInBrowser(new File([text], name), { rows: count });
        expect(await seen(previewTable(path, { rows: count }))).toEqual(await seen(inBrowser));
      },
    ),
    { numRuns: 40 },
  );
});

test('a number of rows is checked, and a file that is not there is named', async () => {
  const path = file('one.csv', 'user,item\na,b\n');
  await expect(previewTable(path, { rows: 0 })).rejects.toMatchObject({ code: 'bad-option' });
  await expect(previewTable(`${path}.gone`)).rejects.toMatchObject({ code: 'file-not-found' });
  expect((await previewTable([path, path])).rows).toEqual([['a', 'b']]);
});
