import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { configToJson, type TrainConfig } from '../training/config.ts';
import type { RunSpec } from './run.ts';
import { version } from './version.ts';

/** Changes when what a run records changes. */
const format = 1;

/**
 * A hash of all that decides a run's record: data by content, how they are read and held out, noise, every training option, seed, version, and the text of
 * modules that are named. Not the number of threads, on which nothing depends.
 */
export function runKey(spec: RunSpec, config: TrainConfig, dataSha256: string): string {
  const { threads: _, ...training } = configToJson(config);
  const { train: _train, test: _test, valid: _valid, ...reading } = spec.data.files;
  const { choice, noise = {}, seed, perUser = false, analyse = false, ks = [20], metrics = [] } = spec;
  const modules = [training.loss, training.backbone, ...metrics].map(moduleText);
  const facts = {
    format,
    version,
    dataSha256,
    reading,
    choice,
    noise,
    training,
    seed,
    perUser,
    analyse,
    ks,
    metrics,
    modules,
  };
  return createHash('sha256').update(canonical(facts)).digest('hex');
}

function moduleText(source: unknown): string {
  const named = (source as { module?: string }).module;
  if (named === undefined) return '';
  const path = named.startsWith('file:') ? fileURLToPath(named) : named;
  return existsSync(path) ? createHash('sha256').update(readFileSync(path)).digest('hex') : '';
}

/** JSON with the keys of every object in order; Infinity is "inf". */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, x) => {
    if (x === Infinity) return 'inf';
    if (typeof x !== 'object' || x === null || Array.isArray(x)) return x;
    return Object.fromEntries(Object.entries(x).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
