import type { SpacePoint } from '../search/space.ts';
import { keyText, type Run, type Trial } from '../tuning/study.ts';
import type { TuneEvent } from '../tuning/tune-event.ts';
import { count, decimal, duration, table } from './output.ts';

/** Milliseconds between two drawings of the table. */
const INTERVAL = 200;
/** Trainings that are over and are shown, the best ones. */
const SHOWN = 8;

interface Row {
  readonly trial: Trial;
  readonly run: Run;
  /** The part that is done, where it runs. */
  progress: number;
  eta?: number;
  epoch: number;
  value?: number;
  over: boolean;
}

/** Shows a study to a person: a table that is drawn again and again on a terminal, a line for each training elsewhere. */
export class TuneProgress {
  readonly #stream: NodeJS.WriteStream;
  readonly #live: boolean;
  readonly #rows = new Map<string, Row>();
  readonly #started = performance.now();
  #metric = '';
  #over = 0;
  #lines = 0;
  #drawn = 0;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    this.#live = stream.isTTY === true;
  }

  handle(event: TuneEvent): void {
    if (event.type === 'study') this.#study(event);
    else if (event.type === 'run') {
      const { trial, run } = event;
      this.#rows.set(keyText(run), { trial, run, progress: 0, epoch: 0, over: false });
      this.#draw();
    } else if (event.type === 'over') this.#end(event);
    else this.#news(event);
  }

  /** Clears the table, also after an error. */
  close(): void {
    this.#clear();
  }

  #study({ metric, trials, jobs, done, begun, rungs }: Extract<TuneEvent, { type: 'study' }>): void {
    this.#metric = metric;
    const before = done + begun > 0 ? ` Going on: ${count(done)} trainings are done, ${count(begun)} begun.` : '';
    const lengths = rungs.length > 1 ? `, rungs of ${rungs.join(', ')} of the training` : '';
    this.#say(
      `Up to ${count(trials)} trials${lengths}, ${jobs} trainings at a time, compared by validation ${metric}.${before}`,
    );
  }

  #news({ key, news }: Extract<TuneEvent, { type: 'news' }>): void {
    const row = this.#rows.get(keyText(key));
    if (!row) return;
    if (news.type === 'progress') Object.assign(row, { progress: news.progress, eta: news.eta });
    else if (news.type === 'point')
      Object.assign(row, { epoch: news.point.epoch, value: news.point.value ?? row.value });
    else if (news.type === 'notice') this.#say(`Trial ${key.trial}: ${news.message}`);
    else if (news.type === 'begun' && news.fromEpoch > 0) {
      this.#say(`Trial ${key.trial}, rung ${key.rung + 1}: goes on after epoch ${news.fromEpoch}.`);
    }
    this.#draw();
  }

  #end({ trial, run, best }: Extract<TuneEvent, { type: 'over' }>): void {
    this.#over++;
    this.#rows.set(keyText(run), { trial, run, progress: 1, epoch: run.epoch ?? 0, value: run.value, over: true });
    if (this.#live) this.#draw(true);
    else {
      const found = run.failed ? run.failed.code : `${this.#metric} ${decimal(run.value!)}${best ? ' (best)' : ''}`;
      const seconds = run.seconds ? ` · ${duration(run.seconds.train + run.seconds.validate)}` : '';
      this.#say(`Trial ${run.trial}, rung ${run.rung + 1}: ${pointText(trial.point)}: ${found}${seconds}`);
    }
  }

  /** The running ones, and below them the best of the others. */
  #draw(always = false): void {
    const now = performance.now();
    if (!this.#live || (!always && now - this.#drawn < INTERVAL)) return;
    this.#drawn = now;
    const rows = [...this.#rows.values()];
    const over = rows.filter((row) => row.over && row.run.value !== undefined).sort(better);
    const room = Math.max(1, Math.min(SHOWN, (this.#stream.rows ?? 24) - 6 - (rows.length - over.length)));
    const shown = [...rows.filter((row) => !row.over), ...over.slice(0, room)];
    const text = table(
      ['trial', 'rung', 'state', 'epoch', this.#metric, 'options', 'left'],
      shown.map((row) => [
        row.trial.number,
        row.run.rung + 1,
        row === over[0] ? 'best' : row.over ? 'done' : `${Math.floor(row.progress * 100)}%`,
        `${row.epoch}/${row.run.epochs}`,
        row.value === undefined ? '' : decimal(row.value),
        pointText(row.trial.point),
        row.over || row.eta === undefined ? '' : duration(row.eta),
      ]),
    );
    const width = this.#stream.columns ?? 80;
    const foot = `${count(this.#over)} trainings done · ${duration((now - this.#started) / 1000)}`;
    const lines = [...text.split('\n'), foot].map((line) => line.slice(0, width - 1));
    this.#clear();
    this.#stream.write(`${lines.join('\n')}\n`);
    this.#lines = lines.length;
  }

  #clear(): void {
    if (this.#lines > 0) this.#stream.write(`\x1b[${this.#lines}A\x1b[0J`);
    this.#lines = 0;
  }

  #say(text: string): void {
    this.#clear();
    this.#stream.write(`${text}\n`);
  }
}

function better(a: Row, b: Row): number {
  return b.run.rung - a.run.rung || b.value! - a.value!;
}

function pointText(point: SpacePoint): string {
  return Object.entries(point)
    .map(([path, value]) => `${path.split('.').at(-1)} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}
