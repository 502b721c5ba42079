import type { ReadOptions } from '../../data/read-options.ts';
import { TaurecError } from '../../errors.ts';
import type { Control, Source, SourceList, TablePreview } from '../session.ts';
import type { Host, HostFile, Sample, SampleFile } from './host.ts';
import { shop, toy } from './samples.ts';
import { shownPreview } from './shown-preview.ts';

/** The sources of a workbench: samples, and the files of its host. A file of a sample is made when it is first read. */
export class Sources {
  readonly #host: Host;
  readonly #samples: readonly Sample[];
  readonly #placed = new Map<string, Promise<HostFile>>();

  constructor(host: Host) {
    this.#host = host;
    this.#samples = [toy, shop, ...(host.samples ?? [])];
  }

  async list(): Promise<SourceList> {
    const { files, ...rest } = await this.#host.files();
    return { sources: [...this.#samples.map(sourceOf), ...files.map(({ source }) => source)], ...rest };
  }

  async add(file: File, control?: Control): Promise<Source> {
    return (await this.#host.add(file, control)).source;
  }

  async preview(id: string, options: ReadOptions): Promise<TablePreview> {
    const { file } = await this.file(id);
    return shownPreview(await this.#host.reader.preview(file, options));
  }

  /** The file of a source. @throws TaurecError `unknown-name` */
  async file(id: string): Promise<HostFile> {
    const sample = this.#samples.find((one) => id === logId(one) || id === catalogueId(one));
    if (sample) return this.#sampleFile(id, sample);
    const { files } = await this.#host.files();
    const found = files.find(({ source }) => source.id === id);
    if (found) return found;
    const known = [...this.#samples.map(logId), ...files.map(({ source }) => source.id)];
    throw new TaurecError('unknown-name', { kind: 'source', got: id, known });
  }

  #sampleFile(id: string, sample: Sample): Promise<HostFile> {
    const make = async (): Promise<HostFile> => {
      const isLog = id === logId(sample);
      const { name, content }: SampleFile = await (isLog ? sample.log() : sample.catalogue!());
      const source: Source = { ...sourceOf(sample), id, name: isLog ? sample.name : `${sample.name}, items` };
      if (typeof content !== 'string') return { source, ...content };
      return { source, file: await this.#host.place(name, content) };
    };
    let placed = this.#placed.get(id);
    if (!placed) {
      placed = make();
      this.#placed.set(id, placed);
      // A failure, such as a full disk, may not come again.
      placed.catch(() => this.#placed.delete(id));
    }
    return placed;
  }
}

const logId = ({ id }: Sample) => `sample:${id}`;
const catalogueId = ({ id, catalogue }: Sample) => (catalogue ? `sample:${id}:items` : undefined);

function sourceOf(sample: Sample): Source {
  const { name, about } = sample;
  const catalogue = catalogueId(sample);
  return { id: logId(sample), name, kind: 'sample', about, ...(catalogue && { catalogue }) };
}
