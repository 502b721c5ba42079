import type { SingleBar } from 'cli-progress';
import type { Phase, TrainEvent } from '../training/events.ts';
import { count, decimal, duration, optionsText } from './output.ts';
import { progressBar } from './progress-bar.ts';

/** Milliseconds between two plain lines. */
const LINE_INTERVAL = 1000;

/** Shows the events of a training run to a person: a bar on a terminal, plain lines (one a second at most) elsewhere. */
export class TrainProgress {
  readonly #stream: NodeJS.WriteStream;
  readonly #bar: SingleBar | undefined;
  /** What came while the bar was shown. */
  #waiting: string[] = [];
  #epochs = 0;
  #stepsPerEpoch = 0;
  #lastLine = 0;
  #shown = { epoch: 0, loss: '', rate: '', left: '', metric: '' };

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    if (stream.isTTY) this.#bar = progressBar(stream, 'epoch {epoch} {bar} {percentage}% · {facts}');
  }

  handle(event: TrainEvent): void {
    if (event.type === 'start') this.#start(event);
    else if (event.type === 'progress') {
      const { epoch, step, loss, examplesPerSecond, eta } = event;
      const rate = `${count(Math.round(examplesPerSecond))} interactions/s`;
      Object.assign(this.#shown, { epoch, loss: `loss ${decimal(loss)}`, rate, left: `${duration(eta)} left` });
      this.#update(step);
    } else if (event.type === 'epoch') {
      Object.assign(this.#shown, { epoch: event.epoch, loss: `loss ${decimal(event.loss)}` });
      this.#update(event.step);
      if (event.phase !== 'tune') this.#epochLine(event.epoch === this.#epochs);
    } else if (event.type === 'validation') {
      const { metric, value, popularityPrior: prior, best } = event;
      const ranked = prior === 0 ? '' : ` with prior ${decimal(prior)}`;
      this.#shown.metric = `${metric} ${decimal(value)}${ranked}${best ? ' (best)' : ''}`;
      this.#update();
    } else if (event.type === 'trial') {
      const { number, options, metric, value, best } = event;
      this.#say(`Trial ${number}: ${optionsText(options)}: ${metric} ${decimal(value)}${best ? ' (best)' : ''}`);
    } else if (event.type === 'tuned') {
      this.#stop();
      this.#say(`Chosen in ${event.trials} trials, ${duration(event.seconds)}: ${optionsText(event.chosen)}`);
    } else if (event.type === 'notice') this.#say(event.message);
    else if (event.type === 'refit') {
      this.#epochs = Math.ceil(event.steps / this.#stepsPerEpoch);
      this.#bar?.setTotal(event.steps);
    } else if (event.type === 'end') this.#end(event);
  }

  /** Clears the bar, also after an error. */
  close(): void {
    this.#stop();
  }

  #start(event: Extract<TrainEvent, { type: 'start' }>): void {
    const { phase, users, items, interactions, epochs, stepsPerEpoch, engine, resumed, trial } = event;
    this.#stop();
    const threads = `${engine.threads} thread${engine.threads === 1 ? '' : 's'}`;
    const size = `${count(interactions)} interactions of ${count(users)} users and ${count(items)} items`;
    if (trial === undefined || trial.number === 1)
      this.#say(`${phaseName(phase)} on ${size} (engine ${engine.name}, ${engine.build}, ${threads})`);
    if (resumed) this.#say(`Resumed after epoch ${resumed}.`);
    Object.assign(this.#shown, { epoch: (resumed ?? 0) + 1, loss: '', rate: '', left: '', metric: '' });
    this.#epochs = epochs;
    this.#stepsPerEpoch = stepsPerEpoch;
    this.#bar?.start(epochs * stepsPerEpoch, (resumed ?? 0) * stepsPerEpoch, this.#payload());
  }

  #end({ reason, epochs, epoch, seconds }: Extract<TrainEvent, { type: 'end' }>): void {
    this.#stop();
    const reasons = {
      epochs: 'all epochs were run',
      patience: 'validation did not become better',
      'time-budget': 'the time budget was spent',
    };
    const chosen = epoch === epochs ? '' : `; the best was epoch ${epoch}`;
    const validation = seconds.validate > 0 ? ` and ${duration(seconds.validate)} of validation` : '';
    this.#say(`Trained ${epochs} epochs in ${duration(seconds.train)}${validation} (${reasons[reason]}${chosen}).`);
  }

  #update(step?: number): void {
    if (step === undefined) this.#bar?.update(this.#payload());
    else this.#bar?.update(step, this.#payload());
  }

  #payload() {
    const { epoch, ...rest } = this.#shown;
    const parts = [rest.loss, rest.metric, rest.rate, rest.left].filter((part) => part !== '');
    return { epoch: `${epoch}/${this.#epochs}`, facts: parts.join(' · ') };
  }

  /** A line of an epoch, where there is no bar; not too often. */
  #epochLine(always: boolean): void {
    const now = performance.now();
    if (this.#bar || (!always && now - this.#lastLine < LINE_INTERVAL)) return;
    this.#lastLine = now;
    const { epoch, facts } = this.#payload();
    this.#say(`epoch ${epoch} · ${facts}`);
  }

  #say(text: string): void {
    if (this.#bar?.isActive) this.#waiting.push(text);
    else this.#stream.write(`${text}\n`);
  }

  #stop(): void {
    if (!this.#bar?.isActive) return;
    this.#bar.stop();
    for (const text of this.#waiting.splice(0)) this.#say(text);
  }
}

function phaseName(phase: Phase): string {
  return {
    tune: 'Choosing options of the loss by short trainings',
    search: 'Training',
    refit: 'Training once more, on train and validation together,',
  }[phase];
}
