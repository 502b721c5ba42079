import { configName } from '../experiment/run/config-name.ts';
import type { LabEvent } from '../experiment/run/lab.ts';
import { isFailed, type RunRecord } from '../experiment/run/run.ts';
import { count, decimal, duration } from './output.ts';
import { Progress } from './progress.ts';
import type { Output } from './terminal.ts';

/** Shows an experiment: a bar for each stage on a terminal, a line for each run elsewhere. */
export class ExperimentProgress {
  readonly #progress: Progress;
  #started = 0;

  constructor(stream: Output) {
    this.#progress = new Progress(stream);
  }

  handle(event: LabEvent): void {
    if (event.type === 'stage') this.#stage(event);
    else if (event.type === 'run') this.#run(event);
  }

  /** Removes the bar, also after an error. */
  close(): void {
    this.#progress.close();
  }

  #stage({ title, runs, reused, jobs }: Extract<LabEvent, { type: 'stage' }>): void {
    this.close();
    if (runs === 0) return;
    const before = reused > 0 ? `, ${count(reused)} done before` : '';
    this.#progress.say(`${title}: ${count(runs)} trainings${before}, ${Math.min(runs, jobs)} at a time`);
    this.#started = performance.now();
    this.#progress.showBar({ label: '', part: 0, measure: `0/${runs}` });
  }

  #run({ done, runs, record, seconds }: Extract<LabEvent, { type: 'run' }>): void {
    const pace = (performance.now() - this.#started) / 1000 / done;
    const left = `${duration(pace * (runs - done))} left`;
    const found = isFailed(record) ? ` · ${record.failed.code}` : validationText(record);
    const details = [`${configName(record)}, seed ${record.seed}${found}`, duration(seconds)];
    const measure = `${done}/${runs}`;
    this.#progress.showBar({ label: '', part: done / runs, measure, details, left });
    this.#progress.sayPlain(() => [measure, ...details, left].join(' · '), true);
  }
}

function validationText({ chosen: { metric, value } }: RunRecord): string {
  return value === undefined ? '' : ` · validation ${metric} ${decimal(value)}`;
}
