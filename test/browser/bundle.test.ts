import { builtinModules } from 'node:module';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { nodePackages } from '../../scripts/layers.mjs';
import * as labInBrowser from '../../src/browser/lab.ts';
import * as extend from '../../src/extend.ts';
import * as taurec from '../../src/index.ts';
import * as lab from '../../src/lab.ts';
import { bundle } from './bundle.ts';

/** Names of `index.ts` that the browser's entry does not have: they need files, threads of Node or DuckDB. */
const nodeAlone = [
  ...['enableFusedMultiplyAdd', 'defineConfig', 'exportRecommendations'],
  ...['buildIndex', 'exportEmbeddings', 'importEmbeddings', 'openFeedback', 'replaceCatalogue', 'updateModel'],
  ...['listVersions', 'makeCurrent', 'nightlyUpdate', 'openAnalytics', 'publishModel', 'rollBack'],
];

/** Names that only a browser has. */
const browserAlone = ['isolatePage', 'trainInWorker', 'zipModel'];

describe('a bundle for the browser', async () => {
  const everything = ['taurec', 'taurec/extend', 'taurec/lab'].map((entry) => `export * from '${entry}';`).join('\n');
  const { code, metafile } = await bundle(everything);

  test('holds no module of Node and no package that needs it', () => {
    const inputs = Object.keys(metafile.inputs);
    const imports = Object.values(metafile.inputs).flatMap(({ imports }) => imports.map(({ path }) => path));
    for (const path of [...inputs, ...imports]) {
      expect(path).not.toMatch(/^node:/);
      expect(builtinModules).not.toContain(path);
    }
    const packages = new Set(inputs.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []));
    expect([...packages].sort()).toEqual(['@noble/hashes', 'fflate', 'fzstd', 'hyparquet', 'pure-rand', 'zod']);
    for (const name of nodePackages) expect([...packages].filter((p) => p.split('/')[0] === name)).toEqual([]);
    expect(inputs.some((path) => path.endsWith('dist/browser.js'))).toBe(true);
    expect(Object.values(metafile.outputs).flatMap(({ imports }) => imports)).toEqual([]);
  });

  test('exports the names of Node but those that need it', () => {
    const output = Object.values(metafile.outputs).find(({ exports }) => exports.length > 0)!;
    const expected = Object.keys(taurec).filter((name) => !nodeAlone.includes(name));
    const inLab = Object.keys(labInBrowser);
    expect([...output.exports].sort()).toEqual([...expected, ...Object.keys(extend), ...inLab, ...browserAlone].sort());
    for (const name of nodeAlone) expect(taurec).toHaveProperty(name);
    expect(lab).toMatchObject({ ...labInBrowser });
  });

  test('is small, and smaller for who needs less', async () => {
    // Programs of workers are loaded when a worker starts; one bundle cannot tell.
    const texts = ['./*-text.js'];
    const [all, served] = [
      await bundle(everything, texts),
      await bundle("export { Recommender } from 'taurec';", texts),
    ];
    const kilobytes = [all.code, served.code, code].map((text) => Math.round(gzipSync(text).length / 1024));
    console.log(
      `bundle: ${kilobytes[0]} KiB (gzip) with every name, ${kilobytes[1]} KiB with Recommender alone, ${kilobytes[2]} KiB with the programs of workers`,
    );
    expect(kilobytes[0]).toBeLessThan(260);
    expect(kilobytes[1]).toBeLessThan(kilobytes[0]! * 0.8);
  });
});
