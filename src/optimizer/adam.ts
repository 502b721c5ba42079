import { DecayHistory } from './decay-history.ts';
import type { OptimizerOptions, ParameterRow, RowOptimizer } from './optimizer.ts';

/** The smallest normal 32-bit float. Moments below it become 0, because arithmetic on denormals is many times slower. */
const SMALLEST_NORMAL = 2 ** -126;
/** Skipped updates shrink by r = β1/√β2 per step; those below this fraction of the first are dropped. */
const NEGLIGIBLE = 1e-8;

/**
 * Adam in PyTorch's form (Kingma & Ba, 2015; decoupled decay: Loshchilov & Hutter, 2019). Step s with gradient g:
 *
 *     θ ← θ (1 − lr_s·wd);  m ← β1 m + (1 − β1) g;  v ← β2 v + (1 − β2) g²
 *     θ ← θ − lr_s · (m / (1 − β1^s)) / ( sqrt(v / (1 − β2^s)) + ε )
 *
 * A row without a gradient still moves by its decaying momentum. With term_s = lr_s·sqrt(1 − β2^s)/(1 − β1^s), the skipped steps t+1 … t+k sum to
 *
 *     θ ← θ − m/(sqrt(v) + ε′) · Σ_j term_{t+j} r^j,   r = β1/√β2,   then m ← m β1^k, v ← v β2^k
 *
 * The sum is exact except for ε: ε′ = ε·sqrt(1 − β2^{t+1}), the value of the first skipped step, is used for all of them. Weight decay interleaves by Horner's rule.
 */
export class Adam implements RowOptimizer {
  readonly hasMoments = true;
  readonly #options: OptimizerOptions;
  /** r = β1/√β2 */
  readonly #r: number;
  /** Number of terms after which r^j is negligible. r ≤ √β1 < 1, because β1 ≤ β2. */
  readonly #horizon: number;
  readonly #decay: DecayHistory;
  /** Steps of the run before this epoch; the bias correction counts from the first step of all. */
  #before = 0;
  /** term_s of the steps of this epoch, at [s − 1]. */
  #terms: number[] = [];

  constructor(options: OptimizerOptions) {
    this.#options = options;
    this.#r = options.beta1 / Math.sqrt(options.beta2);
    this.#horizon = Math.ceil(Math.log(NEGLIGIBLE) / Math.log(this.#r));
    this.#decay = new DecayHistory(options.decoupledWeightDecay);
  }

  get steps(): number {
    return this.#terms.length;
  }

  startEpoch(stepsBefore: number): void {
    this.#before = stepsBefore;
    this.#terms = [];
    this.#decay.clear();
  }

  beginStep(learningRate: number): void {
    this.#decay.push(learningRate);
    const s = this.#before + this.#terms.length + 1;
    const { beta1, beta2 } = this.#options;
    this.#terms.push((learningRate * Math.sqrt(1 - beta2 ** s)) / (1 - beta1 ** s));
  }

  /** Applies the step just begun to one row. */
  step(row: ParameterRow, gradient: Float32Array | Float64Array): void {
    const { values, m, v } = row;
    const { beta1, beta2 } = this.#options;
    // Factor of the decoupled weight decay in this step.
    const keep = this.#decay.factor(this.steps);
    const term = this.#terms[this.steps - 1]!;
    const epsilon = this.#epsilonAt(this.steps);
    for (let c = 0; c < values.length; c++) {
      const g = gradient[c]!;
      m[c] = flush(beta1 * m[c]! + (1 - beta1) * g);
      v[c] = flush(beta2 * v[c]! + (1 - beta2) * g * g);
      values[c] = values[c]! * keep - (term * m[c]!) / (Math.sqrt(v[c]!) + epsilon);
    }
  }

  /** Applies the steps `after + 1 … steps`, which had no gradient for this row, in one pass. */
  skip(row: ParameterRow, after: number): void {
    const k = this.steps - after;
    if (k <= 0) return;
    const { values, m, v } = row;
    const keep = this.#decay.product(after, this.steps);
    const momentum = this.#skippedTerms(after);
    const epsilon = this.#epsilonAt(after + 1);
    // Without a gradient the moments only decay.
    const keepM = this.#options.beta1 ** k;
    const keepV = this.#options.beta2 ** k;
    for (let c = 0; c < values.length; c++) {
      values[c] = values[c]! * keep - (momentum * m[c]!) / (Math.sqrt(v[c]!) + epsilon);
      m[c] = flush(m[c]! * keepM);
      v[c] = flush(v[c]! * keepV);
    }
  }

  /** Σ_j term_{after+j} r^j over the skipped steps, each decayed by the weight decay of the steps after it. */
  #skippedTerms(after: number): number {
    const last = Math.min(this.steps, after + this.#horizon);
    let sum = 0;
    let power = 1;
    for (let s = after + 1; s <= last; s++) {
      power *= this.#r;
      // Horner's rule: the decay of step s applies to every earlier term.
      sum = sum * this.#decay.factor(s) + this.#terms[s - 1]! * power;
    }
    return sum * this.#decay.product(last, this.steps);
  }

  /** ε·sqrt(1 − β2^s), which turns m̂/(sqrt(v̂) + ε) into term_s·m/(sqrt(v) + ε′). s counts within the epoch. */
  #epsilonAt(s: number): number {
    return this.#options.epsilon * Math.sqrt(1 - this.#options.beta2 ** (this.#before + s));
  }
}

/** The moment, or 0 below the smallest normal float. */
function flush(moment: number): number {
  return Math.abs(moment) < SMALLEST_NORMAL ? 0 : moment;
}
