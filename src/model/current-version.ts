import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { TaurecError } from '../errors.ts';

/** The file that makes a folder a folder of versions. */
export const VERSIONS = 'versions.json';

/** The name of a version, and of its folder: v1, v2 … */
export const versionName = z.string().regex(/^v[1-9]\d*$/);

const schema = z.object({
  format: z.literal('taurec-versions'),
  /** The version that is served. */
  current: versionName,
  /** The versions that the folder holds, oldest first. */
  versions: z.array(
    z.object({
      name: versionName,
      /** ISO 8601 time of publication. */
      published: z.string(),
      users: z.int(),
      items: z.int(),
      interactions: z.int(),
      /** The model's metrics by part of the data, as in its config.json. */
      metrics: z.record(z.string(), z.object({ protocol: z.string(), values: z.record(z.string(), z.number()) })),
      /** Why it was published: a sentence of the publisher. */
      note: z.string().optional(),
    }),
  ),
  /** What was current from when on, oldest first. */
  history: z.array(z.object({ version: versionName, at: z.string(), by: z.enum(['publish', 'rollback']) })),
});

/** The content of versions.json. */
export type Versions = z.infer<typeof schema>;

/** A published version of a model. */
export type ModelVersion = Versions['versions'][number];

/**
 * Reads the versions of a folder; undefined where the folder has no versions.json.
 * @throws TaurecError `damaged-versions`
 */
export async function readVersions(folder: string): Promise<Versions | undefined> {
  const path = join(folder, VERSIONS);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  let parsed: ReturnType<typeof schema.safeParse>;
  try {
    parsed = schema.safeParse(JSON.parse(text));
  } catch (error) {
    throw new TaurecError('damaged-versions', { path, problem: (error as Error).message });
  }
  if (parsed.success) return parsed.data;
  throw new TaurecError('damaged-versions', { path, problem: z.prettifyError(parsed.error) });
}

/** The model folder behind a path: that of the current version for a folder of versions, otherwise the path itself. @throws TaurecError `damaged-versions` */
export async function currentModel(path: string): Promise<string> {
  const versions = await readVersions(path);
  return versions ? join(path, versions.current) : path;
}
