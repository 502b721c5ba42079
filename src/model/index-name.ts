/** The file of the approximate index of embeddings with this key, in the model's folder. The name says what it is of, so that it is whole and fits, or is not there. */
export const indexName = (key: string): string => `index-${key}.usearch`;

/** True for the name of an approximate index. */
export const isIndexName = (name: string): boolean => /^index-[0-9a-f]{16}\.usearch$/.test(name);
