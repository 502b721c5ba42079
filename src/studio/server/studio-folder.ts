import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { link, readdir, realpath, rm, stat } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join, relative, sep } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TaurecError } from '../../errors.ts';
import { flush, removeAbandonedIn, temporaryName } from '../../platform/atomic-file.ts';
import { writeFault } from '../../platform/write-fault.ts';
import type { Source } from '../session.ts';

/** How deep the folder is searched, the most files and models that are listed, and the most that are counted. */
const DEEPEST = 6;
const MOST_LISTED = 2000;
const MOST_COUNTED = 20_000;
/** The folder of the models that the studio makes. */
const MODELS = 'models';
/** Most characters of a file name. */
const LONGEST_NAME = 120;

/** Names of data: what is listed, and what may be written. Everything else stays out, such as a configuration file that a later `taurec train` would run. */
const dataName = /\.(csv|tsv|txt|dat|data|inter|jsonl|ndjson|json|parquet)(\.gz|\.zst|\.zip)?$|\.(zip)$/i;
/** Files of programs, which are no data although their names look so. */
const programName =
  /^(package(-lock)?|[jt]sconfig.*|config|versions|deno|biome|checkpoint.*|studio-(run|openings)|.*\.config)\.json$/i;

/** A file or a model folder below the studio's folder. */
export interface FolderEntry {
  readonly id: string;
  /** The path below the folder, with slashes. */
  readonly name: string;
  readonly path: string;
}

/** A data file. */
export interface DataFile extends FolderEntry {
  readonly bytes: number;
  /** Changes when the file changes. */
  readonly stamp: string;
}

/** What a folder holds for the studio. */
export interface Listing {
  readonly files: readonly DataFile[];
  readonly models: readonly FolderEntry[];
  /** What is there and not listed, as a sentence; absent: everything is listed. */
  readonly unlisted?: string;
}

/**
 * The folder of `taurec studio`: the data files and models in it, and nothing above. A page names files by ids of the listing, never by paths; links that lead out of the folder are not listed.
 */
export class StudioFolder {
  /** The folder without links. */
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** @throws TaurecError `file-not-found` where there is no such folder */
  static async open(folder: string): Promise<StudioFolder> {
    const path = await realpath(folder).catch(() => undefined);
    if (path === undefined || !(await stat(path)).isDirectory()) {
      throw new TaurecError('file-not-found', { file: folder });
    }
    await removeAbandonedIn(path);
    return new StudioFolder(path);
  }

  /** The folder of the models that the studio makes; it may not be there yet. */
  get models(): string {
    return join(this.path, MODELS);
  }

  /** Data files and model folders, by name; of very many those that lie least deep. Hidden ones, and those of packages, are left out. */
  async list(): Promise<Listing> {
    const files: DataFile[] = [];
    const models: FolderEntry[] = [];
    const isFull = () => files.length + models.length >= MOST_LISTED;
    // Names that are only counted: no file behind them is looked at.
    let more = 0;
    const waiting = [{ folder: this.path, depth: 0 }];
    for (let next = waiting.shift(); next && more < MOST_COUNTED - MOST_LISTED; next = waiting.shift()) {
      const { folder, depth } = next;
      const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
      const names = new Set(entries.map(({ name }) => name));
      if (depth > 0 && isModel(names)) {
        if (isFull()) more++;
        else models.push(this.#found(folder));
        continue;
      }
      for (const entry of entries) {
        const path = join(folder, entry.name);
        if (/^[._]/.test(entry.name) || entry.name === 'node_modules') continue;
        if (entry.isDirectory() && depth < DEEPEST) waiting.push({ folder: path, depth: depth + 1 });
        if (!isData(entry.name) || !(entry.isFile() || entry.isSymbolicLink())) continue;
        if (isFull()) {
          more++;
          continue;
        }
        const facts = await this.#factsWithin(path);
        if (facts) files.push({ ...this.#found(path), ...facts });
      }
    }
    const byName = (a: FolderEntry, b: FolderEntry) => (a.name < b.name ? -1 : 1);
    return { files: files.sort(byName), models: models.sort(byName), ...(more > 0 && { unlisted: unlisted(more) }) };
  }

  /** The path of a file of the listing, which is looked at again: it may have become a link since. @throws TaurecError `unknown-name` */
  async pathOf(id: string): Promise<string> {
    const { files } = await this.list();
    const file = files.find((one) => one.id === id);
    if (file) return file.path;
    throw new TaurecError('unknown-name', { kind: 'source', got: id, known: files.slice(0, 20).map((one) => one.id) });
  }

  /**
   * Writes a file that a page sends, whole or not at all, under a name that is free.
   * @throws TaurecError `bad-option` for a name that is not one of data; `file-too-large`, `client-gone`, `cannot-write`
   */
  async add(name: string, body: IncomingMessage, limit: number): Promise<Source> {
    const tooLarge = () => new TaurecError('file-too-large', { file: name, limit });
    const checked = checkedName(name);
    if (Number(body.headers['content-length'] ?? 0) > limit) throw tooLarge();
    const temporary = temporaryName(join(this.path, checked));
    let bytes = 0;
    const counted = new Transform({
      transform(chunk: Buffer, _, done) {
        bytes += chunk.length;
        done(bytes > limit ? tooLarge() : null, chunk);
      },
    });
    try {
      await pipeline(body, counted, createWriteStream(temporary, { flags: 'wx' }));
      await flush(temporary);
      return sourceOf({ ...this.#found(await this.#publish(temporary, checked)), bytes });
    } catch (error) {
      throw writingError(error, join(this.path, checked));
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /** Gives a finished file the first free of its names; never one that is taken. */
  async #publish(temporary: string, name: string): Promise<string> {
    const [, stem, end] = /^(.+?)((?:\.[^.]+){1,2})$/s.exec(name)!;
    for (let count = 1; ; count++) {
      const path = join(this.path, count === 1 ? name : `${stem}-${count}${end}`);
      try {
        // A link, unlike a rename, replaces nothing.
        await link(temporary, path);
        await flush(this.path);
        return path;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
  }

  #found(path: string): FolderEntry {
    const name = relative(this.path, path).split(sep).join('/');
    return { id: `file-${createHash('sha256').update(name).digest('hex').slice(0, 16)}`, name, path };
  }

  /** The size and the stamp of a file that lies below the folder, links followed; undefined for any other. */
  async #factsWithin(path: string): Promise<Pick<DataFile, 'bytes' | 'stamp'> | undefined> {
    const real = await realpath(path).catch(() => undefined);
    if (real === undefined || !real.startsWith(this.path.endsWith(sep) ? this.path : this.path + sep)) return undefined;
    const facts = await stat(real).catch(() => undefined);
    return facts?.isFile() ? { bytes: facts.size, stamp: `${facts.mtimeMs} ${facts.size} ${facts.ino}` } : undefined;
  }
}

/** @param more files and models beyond those that are listed */
function unlisted(more: number): string {
  const all = MOST_LISTED + more;
  const of = all >= MOST_COUNTED ? `more than ${MOST_COUNTED.toLocaleString('en')}` : all.toLocaleString('en');
  const shown = MOST_LISTED.toLocaleString('en');
  return `${shown} of ${of} files and models of the folder are listed, those that lie least deep. Open the studio on a folder further down, taurec studio FOLDER, for the others.`;
}

/** A file as a source of a session. */
export const sourceOf = ({ id, name, bytes }: Omit<DataFile, 'stamp'>): Source => ({
  ...{ id, name, bytes },
  kind: 'file',
});

function isModel(names: ReadonlySet<string>): boolean {
  return names.has('versions.json') || (names.has('config.json') && names.has('embeddings.safetensors'));
}

function isData(name: string): boolean {
  return dataName.test(name) && !programName.test(name);
}

/** A file name without a path. @throws TaurecError `bad-option` */
function checkedName(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: names of files hold none
  const isPlain = !/[/\\:\0-\x1f\x7f]|^[._\s-]|[.\s]$/.test(name) && name.length <= LONGEST_NAME;
  if (isPlain && isData(name)) return name;
  const expected = 'the name of a CSV, TSV, text, JSON, JSON lines or Parquet file, without a path';
  throw new TaurecError('bad-option', { option: 'name', got: name.slice(0, 100), expected });
}

function writingError(error: unknown, path: string): unknown {
  if (error instanceof TaurecError) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET') return new TaurecError('client-gone');
  const remedy = 'Nothing was written.';
  return new TaurecError(
    'cannot-write',
    { path, reason: writeFault(error as NodeJS.ErrnoException), remedy },
    { cause: error },
  );
}
