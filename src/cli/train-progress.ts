import { commandLineOf } from '../training/command-line.ts';
import type { Phase, TrainEvent } from '../training/events.ts';
import { count, decimal, duration, optionsText } from './output.ts';
import { Progress } from './progress.ts';
import type { Output } from './terminal.ts';
import { neighborsText } from './train-report.ts';

/** Shows the events of a training run: on a terminal a bar, elsewhere plain lines, at most one a second. */
export class TrainProgress {
  readonly #progress: Progress;
  /** Lines held back until the bar is removed. */
  #waiting: string[] = [];
  /** Length of the current phase; a refit may have other numbers than the search. */
  #epochs = 0;
  #stepsPerEpoch = 0;
  #steps = 0;
  #step = 0;
  /** Texts of the bar; an empty one is left out. */
  #shown = { epoch: 0, loss: '', rate: '', left: '', metric: '' };

  constructor(stream: Output) {
    this.#progress = new Progress(stream);
  }

  /** Shows one event. Events come in the order of the training. */
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
      // Trials of a loss's options are short; each prints one line when it is over.
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
    } else if (event.type === 'objective') {
      const flags = commandLineOf(event.config).join(' ');
      const users = `${count(event.users)} users have validation interactions, which choose the prior`;
      this.#say(`Objective: ${flags} (${users}).`);
    } else if (event.type === 'neighbors') {
      this.#stop();
      this.#say(`Neighbours: ${neighborsText(event.settings, event)} (${duration(event.seconds)}).`);
    } else if (event.type === 'notice') this.#say(event.message);
    else if (event.type === 'refit') {
      this.#epochs = Math.ceil(event.steps / this.#stepsPerEpoch);
      this.#steps = event.steps;
    } else if (event.type === 'end') this.#end(event);
  }

  /** Removes the bar and prints held-back lines; safe to call twice. */
  close(): void {
    this.#stop();
  }

  #start(event: Extract<TrainEvent, { type: 'start' }>): void {
    const { phase, users, items, interactions, epochs, stepsPerEpoch, engine, resumed, trial } = event;
    this.#stop();
    const threads = `${engine.threads} thread${engine.threads === 1 ? '' : 's'}`;
    const size = `${count(interactions)} interactions of ${count(users)} users and ${count(items)} items`;
    // Later trials use the same data and engine.
    if (trial === undefined || trial.number === 1)
      this.#say(`${phaseName(phase)} on ${size} (engine ${engine.name}, ${engine.build}, ${threads})`);
    if (resumed) this.#say(`Resumed after epoch ${resumed}.`);
    Object.assign(this.#shown, { epoch: (resumed ?? 0) + 1, loss: '', rate: '', left: '', metric: '' });
    this.#epochs = epochs;
    this.#stepsPerEpoch = stepsPerEpoch;
    this.#steps = epochs * stepsPerEpoch;
    this.#update((resumed ?? 0) * stepsPerEpoch);
  }

  /** The last line of a phase: epochs, time and the reason of its end. */
  #end({ reason, epochs, epoch, seconds }: Extract<TrainEvent, { type: 'end' }>): void {
    this.#stop();
    const reasons = {
      epochs: 'all epochs done',
      patience: 'validation stopped improving',
      'time-budget': 'time budget used up',
    };
    const chosen = epoch === epochs ? '' : `; the best was epoch ${epoch}`;
    const validation = seconds.validate > 0 ? ` and ${duration(seconds.validate)} of validation` : '';
    this.#say(`Trained ${epochs} epochs in ${duration(seconds.train)}${validation} (${reasons[reason]}${chosen}).`);
  }

  /** Draws the bar at a step, by default at the current one. */
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

  /** The position of the training: `epoch 3/100`. */
  #label(): string {
    return `epoch ${this.#shown.epoch}/${this.#epochs}`;
  }

  /** Prints a line for an epoch where there is no bar. The last epoch always gets one. */
  #epochLine(isLast: boolean): void {
    const { loss, metric, rate, left } = this.#shown;
    this.#progress.sayPlain(() => [this.#label(), loss, metric, rate, left].filter(Boolean).join(' · '), isLast);
  }

  /** Prints a line, or holds it back while the bar is shown. */
  #say(text: string): void {
    if (this.#progress.isShown) this.#waiting.push(text);
    else this.#progress.say(text);
  }

  /** Removes the bar, then prints the lines that were held back. */
  #stop(): void {
    this.#progress.close();
    for (const text of this.#waiting.splice(0)) this.#say(text);
  }
}

/** The beginning of the line that announces a phase; ` on <size of the data>` follows. */
function phaseName(phase: Phase): string {
  return {
    tune: 'Choosing loss options by short trainings',
    search: 'Training',
    refit: 'Retraining with the validation data included,',
  }[phase];
}
