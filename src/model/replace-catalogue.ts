import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Catalogue, type CatalogueMatch, matchOf } from '../catalogue/catalogue.ts';
import type { CatalogueTable } from '../data/catalogue-table.ts';
import { TaurecError } from '../errors.ts';
import { writeAtomically } from '../platform/atomic-file.ts';
import { readRegularText } from '../platform/regular-file.ts';
import { checkWritable } from '../platform/write-fault.ts';
import { catalogueFacts, isCatalogueName } from './catalogue-tensors.ts';
import { currentModel } from './current-version.ts';
import { type FileDigest, sealedJson } from './file-digest.ts';
import { learnedColdItems } from './learn-cold-items.ts';
import { openModel, recoverModel, writeTensorFile } from './model-directory.ts';
import { catalogueFile } from './model-files.ts';
import { CONFIG } from './read-model.ts';

/**
 * Replaces the catalogue of a model folder, or of the current version in a folder of versions; the rest of the model stays as it is. What the attributes tell about the embeddings is computed anew, in seconds, to place items that the model does not know. Items keep their titles where the new catalogue has none. The replacement is atomic: a new file is written, then config.json, which names it. The
 * file of the catalogue before it stays until the next replacement, for programs that are opening the model.
 * @returns how the items of the catalogue and the model match
 * @throws TaurecError as `openModel`; `model-changed` when another program writes the model meanwhile
 */
export async function replaceCatalogue(path: string, table: CatalogueTable): Promise<CatalogueMatch> {
  const directory = await currentModel(path);
  await recoverModel(directory);
  await checkWritable(directory);
  const text = await readRegularText(join(directory, CONFIG)).catch(() => '');
  const model = await openModel(directory);
  const { config, itemIds } = model;
  const catalogue = Catalogue.from(table, itemIds, model.titles);
  const cold = learnedColdItems(model, catalogue);
  const added: Record<string, FileDigest> = {};
  const file = await writeTensorFile(directory, catalogueFile({ catalogue, cold }), added);
  // As it is in the file: facts that this version does not know stay.
  const { digest: _, ...facts } = JSON.parse(text) as Record<string, unknown>;
  const listed = Object.entries(config.files ?? {}).filter(([name]) => !isCatalogueName(name));
  const changed = {
    ...facts,
    catalogue: catalogueFacts(catalogue, file, cold),
    ...(config.files && { files: { ...Object.fromEntries(listed), ...added } }),
  };
  if ((await readRegularText(join(directory, CONFIG))) !== text) throw new TaurecError('model-changed', { directory });
  await writeAtomically(join(directory, CONFIG), (name) => writeFile(name, sealedJson(changed)));
  for (const name of (await readdir(directory)).filter(isCatalogueName)) {
    if (name !== file && name !== config.catalogue?.file) await rm(join(directory, name), { force: true });
  }
  return matchOf(table, itemIds);
}
