import { TaurecError } from '../../errors.ts';
import { configName } from './config-name.ts';
import { type FailedRun, isFailed, type RunRecord } from './run.ts';

/** The record of a run that did not fail. @throws TaurecError `failed-run` */
export function finished(record: RunRecord | FailedRun): RunRecord {
  if (!isFailed(record)) return record;
  const run = `${configName(record)}, seed ${record.seed}`;
  throw new TaurecError('failed-run', { run, key: record.key, reason: record.failed.message });
}
