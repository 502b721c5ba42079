import { csrDegree, csrHas, csrRow } from '../../array/csr.ts';
import { datasetSchema } from '../../data/dataset-options.ts';
import { TaurecError } from '../../errors.ts';
import type { Model } from '../../model/model.ts';
import type { DataRequest } from '../session.ts';
import { dataKey, type LoadedData, sortedText } from './data-desk.ts';
import { type BegunRun, isPassing } from './host.ts';

/**
 * Refuses to judge a model by the test part of data that it was not trained on: of other files, or the same ones with other filters or splits, by which it may have seen what it is asked for.
 * @param request of the run's data; absent for a model that came from an archive, which is compared by its splits and by what it has seen
 * @throws TaurecError `not-comparable`, which names the options to load the data with
 */
export function refuseOtherData(model: Model, request: DataRequest | undefined, data: LoadedData): void {
  const { sha256, splits } = model.config.data;
  const { dataset, key } = data;
  const refuse = (what: string, got: string, expected: string): never => {
    const remedy = `Load the data as they were: ${optionsText(request, splits)}.`;
    throw new TaurecError('not-comparable', { what, got, expected, remedy });
  };
  if (sha256 !== dataset.sha256)
    refuse('data sets (SHA-256) of the model and in use', `${short(sha256)} and ${short(dataset.sha256)}`, 'the same');
  const [own, used] = [splits ?? {}, dataset.splits ?? {}].map((one) => splitText(one.test));
  if (own !== used) refuse('splits of the model and of the data in use', `${own} and ${used}`, 'the same');
  const isOther = request ? dataKey(sha256, request) !== key : !hasSeen(model, data);
  if (isOther) {
    const remade = optionsText(data.summary.request, dataset.splits);
    refuse('filters of the data in use', remade, 'those that the model was trained with');
  }
}

/** Whether data are those that a run was begun on: of equal files, read, filtered and split in the same way. */
export function isDataOf({ info, data: { key } }: BegunRun, data: LoadedData): boolean {
  return data.key === key && optionsKey(info.request!) === optionsKey(data.summary.request);
}

/** The options of a request as they count, so that a default may be given or not; files only by their presence, since their content is in the key of the data, and a file that was added again has another id. */
function optionsKey(request: DataRequest): string {
  const { train, valid, test, titles, catalogue, ...options } = datasetSchema.parse(request);
  const isThere = [train, valid, test, titles, catalogue].map((file) => file !== undefined);
  return sortedText([isThere, options]);
}

/**
 * Why an interrupted run has no data to go on with: its files are not there, or are others.
 * @param cause of reading them; an error of a source that outlives its session is returned as it is, unless it is unknown
 */
export function lostData({ info, data: { source } }: BegunRun, cause?: unknown): unknown {
  const { train, valid, test, titles, catalogue } = info.request!;
  const isUnknown = cause instanceof TaurecError && cause.code === 'unknown-name';
  // Another file may have the id of one that is gone.
  const isGone = isUnknown || [train, valid, test, titles, catalogue].some((id) => id !== undefined && isPassing(id));
  if (cause !== undefined && !isGone) return cause;
  const problem = cause === undefined ? 'have changed since it began' : 'are not here any more';
  const options = optionsText(info.request, undefined);
  return new TaurecError('run-data', { run: info.name, source, problem, options }, { cause });
}

/** Refuses to compare two runs by different parts of data. @throws TaurecError `not-comparable` */
export function refuseTwoParts(a: Judged, b: Judged, part: 'valid' | 'test'): void {
  const held = ({ model }: Judged) => splitText(model.config.data.splits?.[part]);
  if (a.data.key === b.data.key && held(a) === held(b)) return;
  const [first, second] = [a, b].map((one) =>
    [`data ${short(one.data.dataset.sha256)}`, optionsText(one.data.summary.request, undefined), held(one)].join(', '),
  );
  const remedy = 'Train both on the same data, with the same filters and split.';
  throw new TaurecError('not-comparable', {
    what: `${part} parts of the runs`,
    got: `${first} and ${second}`,
    expected: 'the same',
    remedy,
  });
}

interface Judged {
  readonly model: Model;
  readonly data: LoadedData;
}

const short = (sha256: string) => `${sha256.slice(0, 12)}…`;

type Splits = NonNullable<Model['config']['data']['splits']>;

function splitText(split: Splits[string] | undefined): string {
  if (!split) return 'no split';
  const { method, ratio, seed } = split;
  return `split ${method}${ratio === undefined ? '' : `, ratio ${ratio}`}, seed ${seed}`;
}

/** The options of data as a person sets them: those of the request, or of a model those that it tells. */
function optionsText(request: DataRequest | undefined, splits: Splits | undefined): string {
  if (!request) return `${splitText(splits?.test)}, and the filters of its training`;
  const { train: _, valid: __, test, titles: ___, catalogue: ____, ...options } = request;
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const text = given.map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return [...text, ...(test === undefined ? [] : ['a test file'])].join(', ') || 'without options';
}

/** Whether what each user of a model has seen is what they have in training and validation of the data. A model that was updated has seen more. */
function hasSeen({ config, seen, userIds, itemIds }: Model, { dataset }: LoadedData): boolean {
  if (config.updates) return true;
  const { train, valid, users, items } = dataset;
  const itemOf = Int32Array.from(itemIds, (id) => items.indexOf(id));
  for (let user = 0; user < seen.rows; user++) {
    const own = users.indexOf(userIds.idOf(user));
    if (own < 0 || own >= train.rows) return false;
    let pairs = csrDegree(train, own);
    if (valid) for (const item of csrRow(valid, own)) pairs += csrHas(train, own, item) ? 0 : 1;
    if (pairs !== csrDegree(seen, user)) return false;
    for (const item of csrRow(seen, user)) {
      const at = itemOf[item]!;
      if (at < 0 || at >= train.columns) return false;
      if (!csrHas(train, own, at) && !(valid && csrHas(valid, own, at))) return false;
    }
  }
  return true;
}
