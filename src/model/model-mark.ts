import { sha256 } from '#sha256';
import type { ModelConfig } from './model-facts.ts';
import { files, NEIGHBORS } from './read-model.ts';

/**
 * 8 hexadecimal digits that name what a model scores with: of the SHA-256 of the digests of its embeddings and its neighbour term, and of the numbers of the term. Copies of a model have the same, and a
 * catalogue that is replaced changes nothing. A model of a version without digests is named by its whole configuration.
 */
export function modelMark(config: ModelConfig): string {
  const { files: digests, neighbors } = config;
  const scored = digests && [digests[files.embeddings]?.sha256, digests[NEIGHBORS]?.sha256, neighbors];
  return sha256([new TextEncoder().encode(JSON.stringify(scored ?? config))]).slice(0, 8);
}
