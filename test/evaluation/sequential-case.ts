import { type Random, randomStream } from '../../src/array/random.ts';
import { type Arm, armOf, ratioArm, sequentialTest } from '../../src/evaluation/sequential-test.ts';

/** What is compared: whether a person bought, or clicks by impressions. */
export type Measure = 'conversion' | 'click-through';

const DAYS = 28;
/** New people a day on each side; each comes back on a later day with probability .1. */
const NEW_PEOPLE = 40;
const RETURNS = 0.1;
/** Chance of a purchase on a day, and of a click on an impression; a person's own is between 0 and twice as much. */
const BUYS = 0.05;
const CLICKS = 0.08;

/** The people of one side, day by day, with the sums that a database would keep. */
class Side {
  #random!: Random;
  #lift = 1;
  /** By person: own rate, purchases or clicks, impressions. */
  readonly #rates = new Float64Array(DAYS * NEW_PEOPLE);
  readonly #y = new Float64Array(DAYS * NEW_PEOPLE);
  readonly #x = new Float64Array(DAYS * NEW_PEOPLE);
  #people = 0;
  #active = 0;
  #sumY = 0;
  #sumX = 0;
  #sumYY = 0;
  #sumXX = 0;
  #sumXY = 0;

  /** Begins anew, in the memory of the test before. */
  begin(random: Random, lift: number): this {
    this.#random = random;
    this.#lift = lift;
    this.#y.fill(0, 0, this.#people);
    this.#x.fill(0, 0, this.#people);
    this.#people = this.#active = this.#sumY = this.#sumX = this.#sumYY = this.#sumXX = this.#sumXY = 0;
    return this;
  }

  day(measure: Measure): void {
    const known = this.#people;
    for (; this.#people < known + NEW_PEOPLE; this.#people++) {
      this.#rates[this.#people] = 2 * this.#random.real() * this.#lift;
    }
    for (let at = this.#gap(); at < known; at += 1 + this.#gap()) this.#visit(at, measure);
    for (let at = known; at < this.#people; at++) this.#visit(at, measure);
  }

  /** Known people before the next one who comes back: geometric, which is a draw for each of those who come instead of one for everybody. */
  #gap(): number {
    return Math.floor(Math.log(1 - this.#random.real()) / Math.log(1 - RETURNS));
  }

  #visit(at: number, measure: Measure): void {
    this.#count(at, -1);
    if (measure === 'conversion') {
      // A person counts once, however often they buy.
      if (this.#random.real() < BUYS * this.#rates[at]!) this.#y[at] = 1;
      this.#x[at] = 1;
    } else {
      // Few people see many lists.
      const seen = 1 + Math.floor(-3 * Math.log(1 - this.#random.real()));
      for (let i = 0; i < seen; i++) if (this.#random.real() < CLICKS * this.#rates[at]!) this.#y[at]!++;
      this.#x[at]! += seen;
    }
    this.#count(at, 1);
  }

  #count(at: number, sign: 1 | -1): void {
    const [y, x] = [this.#y[at]!, this.#x[at]!];
    if (y > 0) this.#active += sign;
    this.#sumY += sign * y;
    this.#sumX += sign * x;
    this.#sumYY += sign * y * y;
    this.#sumXX += sign * x * x;
    this.#sumXY += sign * x * y;
  }

  arm(measure: Measure): Arm {
    const [people, active] = [this.#people, this.#active];
    if (measure === 'conversion') return armOf({ people, active, sum: this.#sumY, squares: this.#sumYY });
    const [y, x, yy, xx, xy] = [this.#sumY, this.#sumX, this.#sumYY, this.#sumXX, this.#sumXY];
    return ratioArm({ people, active, y, x, yy, xx, xy });
  }
}

const sides = [new Side(), new Side()] as const;

/** Whether a test of 28 days with a look a day decides, and for which side. */
function verdictOf(measure: Measure, lift: number, seed: number, run: number) {
  const a = sides[0].begin(randomStream(seed, 'a', run), 1);
  const b = sides[1].begin(randomStream(seed, 'b', run), lift);
  for (let day = 0; day < DAYS; day++) {
    a.day(measure);
    b.day(measure);
    const { verdict } = sequentialTest(a.arm(measure), b.arm(measure), { expected: 2 * DAYS * NEW_PEOPLE });
    if (verdict !== 'undecided') return verdict;
  }
  return 'undecided';
}

/** Share of tests of two equal sides that decide on some day. */
export function falseAlarms(measure: Measure, runs: number, seed: number): number {
  return share(runs, (run) => verdictOf(measure, 1, seed, run) !== 'undecided');
}

/** Share of tests that find side b better, whose rates are `lift` times those of a. */
export function power(measure: Measure, runs: number, lift: number, seed: number): number {
  return share(runs, (run) => verdictOf(measure, lift, seed, run) === 'better');
}

function share(runs: number, holds: (run: number) => boolean): number {
  return Array.from({ length: runs }, (_, run) => holds(run)).filter(Boolean).length / runs;
}
