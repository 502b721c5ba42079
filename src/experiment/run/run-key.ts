import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { version } from '../../platform/version.ts';
import { configToJson, type TrainConfig } from '../../training/config.ts';
import type { RunSpec } from './run.ts';

/** Changes when what a run records changes. */
const format = 1;

/**
 * A hash of all that decides a run's record: data by content, how they are read and held out, noise, every training option, seed, version, and the text of
 * modules that are named and of a loss or backbone that is an object (not of what they import or call). Not the number of threads, on which nothing depends.
 */
export function runKey(spec: RunSpec, config: TrainConfig, dataSha256: string): string {
  const { threads: _, ...training } = configToJson(config);
  const { train: _train, test: _test, valid: _valid, ...reading } = spec.data.files;
  const { choice, noise = {}, seed, perUser = false, analyse = false, ks = [20], metrics = [] } = spec;
  const modules = [config.loss, config.backbone, ...metrics].map(sourceText);
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
  return sha256(canonical(facts));
}

/** A hash of the text of a module, or of an object's class and functions; nothing for what taurec has under the name. */
function sourceText(source: object): string {
  if ('evaluate' in source || 'forward' in source) return sha256(objectText(source));
  const { module } = source as { module?: string };
  if (module === undefined) return '';
  const path = module.startsWith('file:') ? fileURLToPath(module) : module;
  return existsSync(path) ? sha256(readFileSync(path)) : '';
}

function objectText(source: object): string {
  const functions = Object.entries(source).filter(([, value]) => typeof value === 'function');
  return [source.constructor, ...functions.flat()].map(String).join('\n');
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** JSON with the keys of every object in order; Infinity is "inf". */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, x) => {
    if (x === Infinity) return 'inf';
    if (typeof x !== 'object' || x === null || Array.isArray(x)) return x;
    return Object.fromEntries(Object.entries(x).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
