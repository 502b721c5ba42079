// `taurec info --check`: reads every file of a model and compares it with its SHA-256.

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TaurecError } from '../errors.ts';
import { currentModel } from '../model/current-version.ts';
import type { FileDigest } from '../model/file-digest.ts';
import { openModel, openModelConfig } from '../model/model-directory.ts';
import type { ModelConfig } from '../model/model-facts.ts';
import { isIndexName, isModelFile } from '../model/model-files.ts';
import { CONFIG } from '../model/read-model.ts';
import { openRegular } from '../platform/regular-file.ts';
import { fileSha256 } from '../platform/text-stream.ts';
import { indexState } from '../recommender/index-seal.ts';
import { openCheckpoint } from '../training/checkpoint.ts';

/** The result for one file. `no-digest`: an earlier version wrote it, and only its format was checked. */
export interface CheckedFile {
  readonly name: string;
  readonly bytes?: number;
  readonly state: 'whole' | 'no-digest' | 'damaged' | 'missing';
  readonly problem?: string;
}

/** The result for a model. */
export interface ModelCheck {
  readonly model: string;
  /** No file is damaged or missing. */
  readonly whole: boolean;
  /** False for a model of a version that wrote no digests. */
  readonly digests: boolean;
  readonly files: readonly CheckedFile[];
}

/**
 * Checks every file of a model: those that config.json lists, approximate indexes, and a checkpoint in the folder; then opens the model, training state included.
 * @throws TaurecError where config.json itself cannot be used: `no-model`, `newer-model`, `damaged-file`, `bad-model`
 */
export async function checkModel(path: string): Promise<ModelCheck> {
  const directory = await currentModel(path);
  const { config, problem } = await opened(directory);
  const listed = config.files;
  const own = await sizeOf(join(directory, CONFIG));
  const files: CheckedFile[] = [{ name: CONFIG, ...own, state: listed ? 'whole' : 'no-digest' }];
  for (const [name, digest] of Object.entries(listed ?? {})) files.push(await listedFile(directory, name, digest));
  for (const name of (await readdir(directory)).sort()) {
    if (listed && Object.hasOwn(listed, name)) continue;
    const path = join(directory, name);
    if (isIndexName(name)) files.push({ name, ...(await sizeOf(path)), ...(await indexFile(path)) });
    else if (name === 'checkpoint.safetensors')
      files.push({ name, ...(await sizeOf(path)), ...(await checkpointFile(path)) });
    else if (name !== CONFIG && isModelFile(name)) {
      const state = listed
        ? ({ state: 'damaged', problem: `it is not part of this model: ${CONFIG} does not list it` } as const)
        : ({ state: 'no-digest' } as const);
      files.push({ name, ...(await sizeOf(path)), ...state });
    }
  }
  const isFound = files.some(({ state }) => state === 'damaged' || state === 'missing');
  // A fault that no digest shows: files that do not fit together, or an embedding that is not finite.
  if (problem !== undefined && !isFound) files.push({ name: 'model', state: 'damaged', problem });
  const whole = files.every(({ state }) => state === 'whole' || state === 'no-digest');
  return { model: directory, whole, digests: listed !== undefined, files };
}

/** Throws the error that names every file that cannot be used. */
export function refuseDamagedModel({ model, whole, files }: ModelCheck): void {
  if (whole) return;
  const bad = files.filter(({ state }) => state === 'damaged' || state === 'missing');
  throw new TaurecError('damaged-model', {
    directory: model,
    files: bad.map(({ name }) => name),
    of: files.length,
    problems: bad.map(({ name, problem, state }) => `${name}: ${problem ?? state}`),
  });
}

/** The config of a model; what is wrong if the model cannot be opened. */
async function opened(directory: string): Promise<{ config: ModelConfig; problem?: string }> {
  try {
    return { config: (await openModel(directory, { trainingState: true })).config };
  } catch (error) {
    return { config: await openModelConfig(directory), problem: (error as Error).message };
  }
}

/** A file that config.json lists. */
async function listedFile(directory: string, name: string, digest: FileDigest): Promise<CheckedFile> {
  const path = join(directory, name);
  try {
    // Refuses a FIFO, which the digest would wait for.
    const file = await openRegular(path);
    const bytes = (await file.stat()).size;
    await file.close();
    if (bytes !== digest.bytes) {
      return { name, bytes, state: 'damaged', problem: `it has ${bytes} bytes, expected ${digest.bytes}` };
    }
    const sha256 = await fileSha256(path, false);
    return sha256 === digest.sha256
      ? { name, bytes, state: 'whole' }
      : { name, bytes, state: 'damaged', problem: `its SHA-256 is ${sha256}, expected ${digest.sha256}` };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? { name, state: 'missing' } : { name, state: 'damaged', problem: message };
  }
}

async function indexFile(path: string): Promise<Pick<CheckedFile, 'state' | 'problem'>> {
  const found = await indexState(path);
  if (found.kind === 'damaged') return { state: 'damaged', problem: found.problem };
  if (found.kind === 'missing') return { state: 'missing' };
  if (found.kind === 'foreign')
    return { state: found.digest ? 'whole' : 'no-digest', problem: 'built by another installation' };
  return { state: 'whole' };
}

async function checkpointFile(path: string): Promise<Pick<CheckedFile, 'state' | 'problem'>> {
  try {
    return { state: (await openCheckpoint(path)).metadata.sha256 === undefined ? 'no-digest' : 'whole' };
  } catch (error) {
    return { state: 'damaged', problem: (error as Error).message };
  }
}

const sizeOf = (path: string): Promise<{ bytes?: number }> =>
  stat(path).then(
    ({ size }) => ({ bytes: size }),
    () => ({}),
  );
