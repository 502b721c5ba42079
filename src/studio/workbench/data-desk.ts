import * as z from 'zod';
import { matchOf } from '../../catalogue/catalogue.ts';
import { catalogueNotes, readingNotes } from '../../catalogue/reading-notes.ts';
import { assembleDataset } from '../../data/assemble-dataset.ts';
import type { Dataset } from '../../data/build-dataset.ts';
import { datasetSchema } from '../../data/dataset-options.ts';
import type { Interactions } from '../../data/interactions.ts';
import { kCore } from '../../data/k-core.ts';
import { type ReadOptions, readShape } from '../../data/read-options.ts';
import { TaurecError } from '../../errors.ts';
import { checkOptions } from '../../option.ts';
import type { Control, DataRequest, DataSize, DataSummary } from '../session.ts';
import { summarize } from './data-summary.ts';
import type { Host, Readable } from './host.ts';
import type { Sources } from './sources.ts';

/** Data that trainings use. */
export interface LoadedData {
  readonly dataset: Dataset;
  readonly summary: DataSummary;
  /** What the test part was made of: the digest of the data and how they were filtered and split. Equal keys mean equal test parts. */
  readonly key: string;
}

/** A log that is read, or was, for the calls that follow it. */
interface Reading {
  readonly log: Promise<Interactions>;
  readonly followers: Set<Control>;
  readonly stop: AbortController;
}

/** Logs that are kept after they were read. */
const KEPT = 4;
/** Options of reading that a request may not choose: a page names no folder of the machine. */
const { rejectsDirectory: _, downloadLimit: __, ...requestedShape } = readShape;
const requested = z.object(requestedShape);
const readNames = Object.keys(requestedShape);

/** Reads, filters and splits data. A log that was read with the same options is not read again. */
export class DataDesk {
  readonly #host: Host;
  readonly #sources: Sources;
  readonly #logs = new Map<string, Reading>();

  constructor(host: Host, sources: Sources) {
    this.#host = host;
    this.#sources = sources;
  }

  /** What a request leaves of its training log, before splits. @throws TaurecError as `loadDataset` */
  async measure(request: DataRequest, control: Control = {}): Promise<DataSize> {
    checkRequest(request);
    const log = filtered(await this.#log(request.train, request, control), request);
    return { users: log.userIds.size, items: log.itemIds.size, interactions: log.users.length };
  }

  /** @throws TaurecError as `loadDataset`; `aborted` */
  async load(request: DataRequest, control: Control = {}): Promise<LoadedData> {
    checkRequest(request);
    const logs: Interactions[] = [];
    const { reader } = this.#host;
    const dataset = await assembleDataset<string, string>(request, {
      log: async (id) => {
        const log = await this.#log(id, request, control);
        logs.push(log);
        return log;
      },
      titles: async (id, items, options) => reader.titles((await this.#sources.file(id)).file, items, options),
      catalogue: async (id, options) => {
        const { file, source } = await this.#sources.file(id);
        return { ...(await reader.catalogue(file, options)), source: source.name };
      },
    });
    refuseAborted(control);
    const { catalogue, hints = [] } = dataset;
    const notes = [
      ...logs.flatMap((log) => readingNotes(log.source, log.report)),
      ...hints,
      ...(catalogue ? catalogueNotes(catalogue, matchOf(catalogue, dataset.items)) : []),
    ];
    return {
      dataset,
      summary: summarize(request, filtered(logs[0]!, request), dataset, notes),
      key: dataKey(dataset.sha256, request),
    };
  }

  async #log(id: string, request: DataRequest, control: Control): Promise<Interactions> {
    const { file, source, stamp } = await this.#sources.file(id);
    refuseAborted(control);
    const options = readOptionsOf(request);
    const key = JSON.stringify([id, stamp, options]);
    const reading = this.#logs.get(key) ?? this.#read(file, source.name, options, control);
    // The log that was used last stays longest.
    this.#logs.delete(key);
    this.#logs.set(key, reading);
    for (const oldest of this.#logs.keys()) {
      if (this.#logs.size <= KEPT) break;
      this.#logs.delete(oldest);
    }
    const forget = () => this.#logs.get(key) === reading && this.#logs.delete(key);
    reading.followers.add(control);
    let stop: (() => void) | undefined;
    try {
      const stopped = new Promise<never>((_, reject) => {
        stop = () => reject(new TaurecError('aborted'));
        control.signal?.addEventListener('abort', stop);
      });
      const read = await Promise.race([reading.log, stopped]);
      control.onProgress?.({ done: read.report.rows, total: read.report.rows });
      return read;
    } catch (error) {
      reading.followers.delete(control);
      // What others wait for is read to its end.
      if (reading.followers.size === 0) {
        forget();
        reading.stop.abort();
      }
      throw error;
    } finally {
      reading.followers.delete(control);
      control.signal?.removeEventListener('abort', stop!);
    }
  }

  #read(file: Readable, name: string, options: ReadOptions, first: Control): Reading {
    const stop = new AbortController();
    const followers = new Set([first]);
    const onProgress: Control['onProgress'] = (progress) => {
      for (const one of followers) one.onProgress?.(progress);
    };
    const read = this.#host.reader.interactions(file, options, { signal: stop.signal, onProgress });
    return { log: read.then((log) => ({ ...log, source: name })), followers, stop };
  }
}

/** What the test part of data is made of (`LoadedData.key`), by their digest and how they were asked for. An option that is given at its default is the same as one that is left out. */
export function dataKey(sha256: string, request: DataRequest): string {
  const { kCore = 0, split, testRatio, seed, test } = datasetSchema.parse(request);
  const cores = typeof kCore === 'number' ? [kCore, kCore] : [kCore.users, kCore.items];
  const held = split === undefined ? [test !== undefined] : [split, split === 'leave-last-out' || testRatio, seed];
  // Everybody whom a log has has one interaction at least.
  const least = cores.map((core) => Math.max(1, core));
  return sortedText([sha256, least, held, requested.parse(readOptionsOf(request))]);
}

/** The options of reading that a request has. */
function readOptionsOf(request: DataRequest): ReadOptions {
  const given = Object.entries(request).filter(([name, value]) => readNames.includes(name) && value !== undefined);
  return sorted(Object.fromEntries(given));
}

/** An object with its keys in order, so that equal ones have equal texts. */
function sorted<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1))) as T;
}

/** Equal texts for equal values, whatever the order of their keys. */
export function sortedText(value: unknown): string {
  return JSON.stringify(value, (_, one) =>
    typeof one === 'object' && one !== null && !Array.isArray(one) ? sorted(one) : one,
  );
}

/** @throws TaurecError `bad-option`, `unknown-name` */
function checkRequest(request: DataRequest): void {
  checkOptions(datasetSchema, request, { split: 'split', validSplit: 'split' });
}

/** The training log after filters. @throws TaurecError as `kCore` */
function filtered(log: Interactions, { kCore: least }: DataRequest): Interactions {
  return least === undefined ? log : kCore(log, least);
}

/** @throws TaurecError `aborted` */
export function refuseAborted({ signal }: Control): void {
  if (signal?.aborted) throw new TaurecError('aborted');
}
