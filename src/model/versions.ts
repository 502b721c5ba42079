import { constants } from 'node:fs';
import { cp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as z from 'zod';
import { TaurecError } from '../errors.ts';
import { checkOptions, type DeclaredOption, declaredOptions, option, whole } from '../option.ts';
import { flush, temporaryName, writeAtomically } from '../platform/atomic-file.ts';
import { lockFolder } from '../platform/folder-lock.ts';
import { currentModel, type ModelVersion, readVersions, VERSIONS, type Versions } from './current-version.ts';
import { earlierVersion } from './earlier-version.ts';
import type { Model } from './model.ts';
import { openModel, saveModel } from './model-directory.ts';

/** The options of a publication, declared once. */
const publishShape = {
  /** Versions to keep, ≥ 2: older ones are deleted, but never the current one and the one before it. Default 10. */
  keep: option(whole(2).default(10), {
    flag: '--keep <number>',
    help: 'versions to keep; older ones are deleted',
  }),
  /** Why this version is published, in a sentence; listed with the versions. */
  note: option(z.string({ error: 'a sentence' }).optional(), {
    flag: '--note <text>',
    help: 'why it is published; listed with the versions',
  }),
};
const publishSchema = z.object(publishShape);
/** The options of `publishShape` with their paths. */
export const publishOptions: readonly DeclaredOption[] = declaredOptions(publishShape);

/** Options of `publishModel`. */
export type PublishOptions = Readonly<z.input<typeof publishSchema>>;

/**
 * Publishes a model as the next version of a folder and makes it current. The folder holds v1, v2 …, each a model folder, and `versions.json`, which names the current one; servers and commands that are given
 * the folder use that. The version appears whole: its files are written under a temporary name, renamed, and only then named in `versions.json`.
 * @param model a model, or the path of a model folder, whose files are checked and copied, without checkpoints
 * @returns the new version
 * @throws TaurecError the errors of `openModel` and `saveModel`; `bad-option`; `not-versions` for a folder that holds other files; `folder-in-use` while another program publishes there
 */
export async function publishModel(
  model: Model | string,
  folder: string,
  options: PublishOptions = {},
): Promise<ModelVersion> {
  const { keep, note } = checkOptions(publishSchema, options);
  const source = typeof model === 'string' ? await currentModel(model) : undefined;
  // Opening a folder checks its files.
  const { config, users, items, seen } = typeof model === 'string' ? await openModel(source!) : model;
  return changing(folder, async (versions) => {
    if (!versions) await checkEmpty(folder);
    await removeLeft(folder);
    const name = nextName(versions, await readdir(folder));
    const target = join(folder, name);
    if (typeof model === 'string') await copyModel(source!, target);
    else await saveModel(target, model);
    const version: ModelVersion = {
      name,
      published: new Date().toISOString(),
      users: users.rows,
      items: items.rows,
      interactions: seen.indices.length,
      metrics: config.metrics,
      ...(note !== undefined && { note }),
    };
    const published = withCurrent(
      {
        format: 'taurec-versions',
        current: name,
        versions: [...(versions?.versions ?? []), version],
        history: versions?.history ?? [],
      },
      'publish',
    );
    const kept = recent(published, keep);
    await writeVersions(folder, kept);
    // Only after the list no longer names them.
    for (const old of published.versions) {
      if (!kept.versions.includes(old)) await rm(join(folder, old.name), { recursive: true, force: true });
    }
    return version;
  });
}

/**
 * Makes an existing version current.
 * @throws TaurecError `no-versions`, `unknown-name`, `folder-in-use`
 */
export function makeCurrent(folder: string, name: string): Promise<ModelVersion> {
  return changingVersions(folder, async (versions) => {
    const version = versionOf(folder, versions, name);
    await writeVersions(folder, withCurrent({ ...versions, current: name }, 'publish'));
    return version;
  });
}

/**
 * Goes back to the version that was current before the current one.
 * @throws TaurecError `no-versions`; `no-earlier-version` where no earlier version is left; `folder-in-use`
 */
export function rollBack(folder: string): Promise<ModelVersion> {
  return changingVersions(folder, async (versions) => {
    const name = earlierVersion(versions);
    if (name === undefined) throw new TaurecError('no-earlier-version', { folder, current: versions.current });
    await writeVersions(folder, withCurrent({ ...versions, current: name }, 'rollback'));
    return versionOf(folder, versions, name);
  });
}

/** The versions of a folder. @throws TaurecError `no-versions`, `damaged-versions` */
export async function listVersions(folder: string): Promise<Versions> {
  const versions = await readVersions(folder);
  if (!versions) throw new TaurecError('no-versions', { folder });
  return versions;
}

/** The versions with the event that the current one became current. */
function withCurrent(versions: Versions, by: 'publish' | 'rollback'): Versions {
  const event = { version: versions.current, at: new Date().toISOString(), by };
  return { ...versions, history: [...versions.history, event] };
}

/** The versions without the oldest ones, the current one and its predecessor among those that stay, and the history of those that stay. */
function recent(versions: Versions, keep: number): Versions {
  const safe = new Set([versions.current, earlierVersion(versions)]);
  const surplus = Math.max(0, versions.versions.length - keep);
  const leaving = new Set(
    versions.versions
      .filter(({ name }) => !safe.has(name))
      .slice(0, surplus)
      .map(({ name }) => name),
  );
  return {
    ...versions,
    versions: versions.versions.filter(({ name }) => !leaving.has(name)),
    history: versions.history.filter(({ version }) => !leaving.has(version)),
  };
}

/** @throws TaurecError `unknown-name` */
function versionOf(folder: string, { versions }: Versions, name: string): ModelVersion {
  const version = versions.find((one) => one.name === name);
  if (version) return version;
  const known = versions.map((one) => one.name);
  throw new TaurecError('unknown-name', { kind: `version of ${folder}`, got: name, known });
}

/** As `changing`, for a folder that has versions; any other stays as it is, or is not created. @throws TaurecError `no-versions` */
async function changingVersions<T>(folder: string, change: (versions: Versions) => Promise<T>): Promise<T> {
  await listVersions(folder);
  return changing(folder, (versions) => change(versions!));
}

/** Runs a change of the folder's versions, one at a time; creates the folder. */
async function changing<T>(folder: string, change: (versions: Versions | undefined) => Promise<T>): Promise<T> {
  // A damaged list is an error before the lock writes a file.
  await readVersions(folder);
  const release = lockFolder(folder);
  try {
    return await change(await readVersions(folder));
  } finally {
    release();
  }
}

/** Removes what killed publications left under temporary names: under the lock nobody else writes any. */
async function removeLeft(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.endsWith('.tmp')) await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** Versions start in an empty folder: what it holds might be named like one. @throws TaurecError `not-versions` */
async function checkEmpty(folder: string): Promise<void> {
  const others = (await readdir(folder)).filter((name) => name !== 'lock');
  if (others.length > 0) throw new TaurecError('not-versions', { folder, got: others.slice(0, 3).join(', ') });
}

/** A number above that of every version, deleted ones and folders of killed publications too. */
function nextName(versions: Versions | undefined, names: readonly string[]): string {
  const listed = [...names, ...(versions?.history.map(({ version }) => version) ?? [])];
  const numbers = listed.map((name) => Number(/^v(\d+)$/.exec(name)?.[1] ?? 0));
  return `v${Math.max(0, ...numbers) + 1}`;
}

/** Copies the files of a model folder, without checkpoints and locks. */
async function copyModel(source: string, target: string): Promise<void> {
  const temporary = temporaryName(target);
  await cp(source, temporary, {
    recursive: true,
    // Shares the blocks of the files where the file system can.
    mode: constants.COPYFILE_FICLONE,
    filter: (path) => path === source || !/^(?:checkpoint|lock$|\.)/.test(basename(path)),
  });
  await rename(temporary, target);
  await flush(join(target, '..'));
}

function writeVersions(folder: string, versions: Versions): Promise<void> {
  return writeAtomically(join(folder, VERSIONS), (temporary) =>
    writeFile(temporary, `${JSON.stringify(versions, undefined, 2)}\n`),
  );
}
