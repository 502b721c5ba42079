import type { Phase, TrainEvent } from '../training/events.ts';
import { count, decimal, duration, optionsText } from './output.ts';
import { Progress } from './progress.ts';
import type { Output } from './terminal.ts';

/** Shows the events of a training run: a bar on a terminal, plain lines (at most one a second) elsewhere. */
export class TrainProgress {
  readonly #progress: Progress;
  /** Lines that wait until the bar is gone. */
  #waiting: string[] = [];
  #epochs = 0;
  #stepsPerEpoch = 0;
  #steps = 0;
  #step = 0;
  #shown = { epoch: 0, loss: '', rate: '', left: '', metric: '' };

  constructor(stream: Output) {
    this.#progress = new Progress(stream);
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
      this.#steps = event.steps;
    } else if (event.type === 'end') this.#end(event);
  }

  /** Removes the bar, also after an error. */
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
    this.#steps = epochs * stepsPerEpoch;
    this.#update((resumed ?? 0) * stepsPerEpoch);
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

  #update(step = this.#step): void {
    this.#step = step;
    const { loss, metric, rate, left } = this.#shown;
    const part = this.#steps === 0 ? 0 : Math.min(1, step / this.#steps);
    const measure = `${Math.floor(100 * part)}%`;
    this.#progress.showBar({
      label: this.#label(),
      part,
      measure,
      details: [loss, metric].filter(Boolean),
      rate,
      left,
    });
  }

  #label(): string {
    return `epoch ${this.#shown.epoch}/${this.#epochs}`;
  }

  /** A line of an epoch, where there is no bar. */
  #epochLine(isLast: boolean): void {
    const { loss, metric, rate, left } = this.#shown;
    this.#progress.sayPlain(() => [this.#label(), loss, metric, rate, left].filter(Boolean).join(' · '), isLast);
  }

  #say(text: string): void {
    if (this.#progress.isShown) this.#waiting.push(text);
    else this.#progress.say(text);
  }

  #stop(): void {
    this.#progress.close();
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
