import { builtinModules } from 'node:module';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { nodePackages } from '../../scripts/layers.mjs';
import * as taurec from '../../src/index.ts';
import { bundle } from './bundle.ts';

/** Names of `index.ts` that the browser's entry does not have: they need files, threads of Node or DuckDB. */
const nodeAlone = [
  ...['loadDataset', 'readInteractions', 'readTitles'],
  ...['enableFusedMultiplyAdd', 'defineConfig'],
  ...['exportRecommendations', 'openSafetensors', 'saveModel', 'writeSafetensors'],
  ...['readResult', 'resultOf', 'writeResult'],
  ...['analyseScores', 'compareRuns', 'holm', 'predictTau'],
  ...['LocalLab', 'defineExperiment', 'experimentNamed', 'experiments', 'runExperiment', 'tableCsv', 'writeReport'],
  ...['publishedResults', 'recipes', 'runRecipe'],
  ...['buildIndex', 'embeddingFormats', 'exportEmbeddings', 'importEmbeddings', 'openFeedback', 'updateModel'],
  ...['runWorker', 'trainWinner', 'tune', 'tuningReport'],
];

describe('a bundle for the browser', async () => {
  const { code, metafile } = await bundle("export * from 'taurec';");

  test('holds no module of Node and no package that needs it', () => {
    const inputs = Object.keys(metafile.inputs);
    const imports = Object.values(metafile.inputs).flatMap(({ imports }) => imports.map(({ path }) => path));
    for (const path of [...inputs, ...imports]) {
      expect(path).not.toMatch(/^node:/);
      expect(builtinModules).not.toContain(path);
    }
    const packages = new Set(inputs.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []));
    expect([...packages].sort()).toEqual(['@noble/hashes', 'pure-rand', 'zod']);
    for (const name of nodePackages) expect([...packages].filter((p) => p.split('/')[0] === name)).toEqual([]);
    expect(inputs.some((path) => path.endsWith('dist/browser.js'))).toBe(true);
    expect(Object.values(metafile.outputs).flatMap(({ imports }) => imports)).toEqual([]);
  });

  test('exports the names of Node but those that need it', () => {
    const output = Object.values(metafile.outputs).find(({ exports }) => exports.length > 0)!;
    const expected = Object.keys(taurec).filter((name) => !nodeAlone.includes(name));
    expect([...output.exports].sort()).toEqual(expected.sort());
    for (const name of nodeAlone) expect(taurec).toHaveProperty(name);
  });

  test('is small, and smaller for who needs less', async () => {
    const served = await bundle("export { Recommender } from 'taurec';");
    const kilobytes = [code, served.code].map((text) => Math.round(gzipSync(text).length / 1024));
    console.log(`bundle: ${kilobytes[0]} KiB (gzip) with every name, ${kilobytes[1]} KiB with Recommender alone`);
    expect(kilobytes[0]).toBeLessThan(200);
    expect(kilobytes[1]).toBeLessThan(kilobytes[0]! * 0.8);
  });
});
