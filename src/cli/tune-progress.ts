import type { SpacePoint } from '../search/space.ts';
import { keyText, type Run, type Trial } from '../tuning/study.ts';
import type { TuneEvent } from '../tuning/tune-event.ts';
import { count, decimal, duration, table } from './output.ts';
import { Progress } from './progress.ts';
import type { Output } from './terminal.ts';

/** Maximum number of finished trainings in the table; the best ones are shown. */
const SHOWN = 8;

/** A training in the table. */
interface Row {
  readonly trial: Trial;
  readonly run: Run;
  /** The finished part of a running training, from 0 to 1. */
  progress: number;
  /** Seconds left. */
  eta?: number;
  epoch: number;
  /** The latest value of the metric; after the end the best one. */
  value?: number;
  over: boolean;
}

/** Shows a study: on a terminal a live table, elsewhere a line for each finished training. */
export class TuneProgress {
  readonly #progress: Progress;
  /** Trainings by the key of their trial and rung. */
  readonly #rows = new Map<string, Row>();
  readonly #started = performance.now();
  #metric = '';
  /** Number of finished trainings. */
  #over = 0;

  constructor(stream: Output) {
    this.#progress = new Progress(stream);
  }

  /** Shows one event of the study. */
  handle(event: TuneEvent): void {
    if (event.type === 'study') this.#study(event);
    else if (event.type === 'run') {
      const { trial, run } = event;
      this.#rows.set(keyText(run), { trial, run, progress: 0, epoch: 0, over: false });
      this.#draw();
    } else if (event.type === 'over') this.#end(event);
    else this.#news(event);
  }

  /** Removes the table. After an interruption a table of the finished trainings stays on the screen. */
  close({ isInterrupted = false } = {}): void {
    this.#progress.close(isInterrupted && this.#over > 0 ? (_, rows) => this.#table(rows, false) : undefined);
  }

  /** The first line: the size of the study, and the work that an earlier session has finished. */
  #study({ metric, trials, jobs, done, begun, rungs }: Extract<TuneEvent, { type: 'study' }>): void {
    this.#metric = metric;
    const before = done + begun > 0 ? ` Continuing: ${count(done)} trainings are done, ${count(begun)} begun.` : '';
    const lengths = rungs.length > 1 ? `, rungs of ${rungs.join(', ')} of the training` : '';
    this.#say(
      `Up to ${count(trials)} trials${lengths}, ${jobs} trainings at a time, compared by validation ${metric}.${before}`,
    );
  }

  /** Updates the row of a running training. News of a training that is not in the table are dropped. */
  #news({ key, news }: Extract<TuneEvent, { type: 'news' }>): void {
    const row = this.#rows.get(keyText(key));
    if (!row) return;
    if (news.type === 'progress') Object.assign(row, { progress: news.progress, eta: news.eta });
    else if (news.type === 'point')
      Object.assign(row, { epoch: news.point.epoch, value: news.point.value ?? row.value });
    else if (news.type === 'notice') this.#say(`Trial ${key.trial}: ${news.message}`);
    else if (news.type === 'begun' && news.fromEpoch > 0) {
      this.#say(`Trial ${key.trial}, rung ${key.rung + 1}: continues after epoch ${news.fromEpoch}.`);
    }
    this.#draw();
  }

  /** Marks a training as finished, failed ones included. */
  #end({ trial, run, best }: Extract<TuneEvent, { type: 'over' }>): void {
    this.#over++;
    this.#rows.set(keyText(run), { trial, run, progress: 1, epoch: run.epoch ?? 0, value: run.value, over: true });
    this.#draw();
    this.#progress.sayPlain(() => {
      const found = run.failed ? run.failed.code : `${this.#metric} ${decimal(run.value!)}${best ? ' (best)' : ''}`;
      const seconds = run.seconds ? ` · ${duration(run.seconds.train + run.seconds.validate)}` : '';
      return `Trial ${run.trial}, rung ${run.rung + 1}: ${pointText(trial.point)}: ${found}${seconds}`;
    }, true);
  }

  #draw(): void {
    this.#progress.show((_, rows) => this.#table(rows, true));
  }

  /** The table: running trainings, then the best finished ones, as many as fit. The last line holds totals. */
  #table(height: number, isRunning: boolean): string[] {
    const rows = [...this.#rows.values()];
    const over = rows.filter((row) => row.over && row.run.value !== undefined).sort(better);
    const running = isRunning ? rows.filter((row) => !row.over) : [];
    // Six lines stay free: heading, totals, and some lines of the shell above.
    const room = Math.max(1, Math.min(SHOWN, height - 6 - running.length));
    const text = table(
      ['trial', 'rung', 'state', 'epoch', this.#metric, 'left', 'options'],
      [...running, ...over.slice(0, room)].map((row) => [
        row.trial.number,
        row.run.rung + 1,
        row === over[0] ? 'best' : row.over ? 'done' : `${Math.floor(row.progress * 100)}%`,
        `${row.epoch}/${row.run.epochs}`,
        row.value === undefined ? '' : decimal(row.value),
        row.over || row.eta === undefined ? '' : duration(row.eta),
        pointText(row.trial.point),
      ]),
    );
    const seconds = (performance.now() - this.#started) / 1000;
    return [...text.split('\n'), `${count(this.#over)} trainings done · ${duration(seconds)}`];
  }

  #say(text: string): void {
    this.#progress.say(text);
  }
}

/** Order of finished trainings: longer rungs first, because values of different lengths do not compare; then larger values. */
function better(a: Row, b: Row): number {
  return b.run.rung - a.run.rung || b.value! - a.value!;
}

/** A point of the search space in short, by the last parts of its paths: `tau 0.1, rows 256`. */
function pointText(point: SpacePoint): string {
  return Object.entries(point)
    .map(([path, value]) => `${path.split('.').at(-1)} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}
