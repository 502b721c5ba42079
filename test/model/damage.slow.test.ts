import { rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { campaign, campaignSeed as seed } from '../support/property-seed.ts';
import { check, completeModel, flipModel } from './damage-case.ts';

/** Flips of each file; in a campaign every byte. */
const flipsOfFile = campaign > 1 ? Infinity : 200;

test(`a flipped bit in any byte of a model, ${flipsOfFile} of each file, is an error that names the file (seed ${seed})`, async () => {
  const { directory, folder } = await completeModel();
  const { flips, missed } = await flipModel(directory, flipsOfFile, seed);
  console.log(`${flips} flips, ${missed.length} missed`);
  expect(missed).toEqual([]);
  await check(directory);
  await rm(folder, { recursive: true });
}, 1_800_000);
