import type { SingleBar } from 'cli-progress';
import type { LabEvent } from '../experiment/lab.ts';
import { configName, isFailed, type RunRecord } from '../experiment/run.ts';
import { count, decimal, duration } from './output.ts';
import { progressBar } from './progress-bar.ts';

/** Shows how an experiment goes on: a bar for each stage on a terminal, a line for each run elsewhere. */
export class ExperimentProgress {
  readonly #stream: NodeJS.WriteStream;
  readonly #bar: SingleBar | undefined;
  #started = 0;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    if (stream.isTTY) this.#bar = progressBar(stream, '{bar} {value}/{total} · {facts}');
  }

  handle(event: LabEvent): void {
    if (event.type === 'stage') this.#stage(event);
    else if (event.type === 'run') this.#run(event);
  }

  /** Clears the bar, also after an error. */
  close(): void {
    if (this.#bar?.isActive) this.#bar.stop();
  }

  #stage({ title, runs, reused, jobs }: Extract<LabEvent, { type: 'stage' }>): void {
    this.close();
    if (runs === 0) return;
    const before = reused > 0 ? `, ${count(reused)} done before` : '';
    this.#stream.write(`${title}: ${count(runs)} trainings${before}, ${Math.min(runs, jobs)} at a time\n`);
    this.#started = performance.now();
    this.#bar?.start(runs, 0, { facts: '' });
  }

  #run({ done, runs, record, seconds }: Extract<LabEvent, { type: 'run' }>): void {
    const pace = (performance.now() - this.#started) / 1000 / done;
    const left = `${duration(pace * (runs - done))} left`;
    const found = isFailed(record) ? ` · ${record.failed.code}` : validationText(record);
    const facts = `${configName(record)}, seed ${record.seed}${found} · ${duration(seconds)} · ${left}`;
    if (this.#bar) this.#bar.update(done, { facts });
    else this.#stream.write(`${done}/${runs} · ${facts}\n`);
  }
}

function validationText({ chosen: { metric, value } }: RunRecord): string {
  return value === undefined ? '' : ` · validation ${metric} ${decimal(value)}`;
}
