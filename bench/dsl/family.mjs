import {
  competitionStateLength,
  temperatureFactor,
  updateCompetitionState,
} from '../../dist/loss/competition-state.js';
import { weightSum } from '../../dist/loss/weighted-mean.js';
import { writtenOptions } from '../../dist/option.js';
import { intensityOf, Slate } from './competition.mjs';
import { familyOptions } from './family-options.mjs';
import { findUnits, TogetherSimilarity, writeHardness } from './log-weights.mjs';
import { expTerms, logSum } from './softmax.mjs';

/**
 * @typedef {import('../../dist/extend.js').Loss} Loss
 * @typedef {import('../../dist/extend.js').ScoreRow} ScoreRow
 * @typedef {import('../../dist/extend.js').ScoreGradients} ScoreGradients
 * @typedef {import('../../dist/extend.js').RowContext} RowContext
 * @typedef {import('../../dist/extend.js').Floats} Floats
 */

/**
 * The family of dual-scale softmax losses, of which `sl` and `dsl` are members:
 *
 *     value = E_i ( −s_i + λ · LEE_τi(s_j; w_j e^(ω_ij)) ) / d_i          d_i: τ, or τ_i
 *     ω_ij  = clip( κ_h h_j + κ_s c_ij + κ_p h_j c_ij )
 *     τ_i   = τ · clip( exp(γ z(I_i)), 1/r, r ) / G
 *
 * ω, τ_i and d_i are constants to the gradient. What h, c, I and the slate are: family-options.mjs. A row costs P · n exponentials where weights or temperatures differ between positives, otherwise n.
 * @implements {Loss}
 */
export class DualScaleFamily {
  name = 'dsl-family';
  #options;
  /** @type {TogetherSimilarity | undefined} */
  #together;
  #slate;
  #found = { top: 0 };
  #units = { mean: 0, inverse: 1 };
  /** Scratch of a row, [n] each: mask, hardness, log weights, slate keys, terms, summed gradients. */
  #n = -1;
  #mask = new Float64Array(0);
  #hardness = this.#mask;
  #logs = this.#mask;
  #keys = this.#mask;
  #terms = this.#mask;
  #sums = this.#mask;
  /** [n] similarity of the negatives to the positive in work, or to all of the row's, before it is standardised. @type {Floats} */
  #similarity = this.#mask;

  /**
   * @param {Record<string, unknown>} [given]
   * @param {import('../../dist/extend.js').Csr} [cosines] [items × items] cosines of the columns of the training matrix, for the similarity `co-occurrence`
   */
  constructor(given = {}, cosines) {
    this.#options = familyOptions.read(given);
    const { kappaSimilarity, kappaProduct, similarity, slate, competition, size, moments } = this.#options;
    this.parameters = writtenOptions(this.#options);
    this.allowsDotScores = this.#options.negativeWeight === 1 && this.#options.divisor === 'common';
    this.#slate = new Slate(size);
    this.similar = kappaSimilarity !== 0 || kappaProduct !== 0 || (competition !== 0 && slate === 'similar');
    if (this.similar && similarity === 'co-occurrence') {
      this.#together = new TogetherSimilarity(
        cosines ?? familyOptions.fail(given, 'similarity', 'cosine, where no co-occurrences are given'),
      );
    }
    this.needs = {
      pairs: true,
      ...(this.similar && !this.#together && { itemSimilarity: true }),
      ...(competition !== 0 && { globalState: competitionStateLength }),
    };
    if (competition !== 0) {
      /** @param {import('../../dist/extend.js').StateUpdate} update */
      this.updateStates = (update) => {
        // Without earlier weight the new moments are those of this step.
        if (moments === 'batch') update.global[0] = 0;
        updateCompetitionState(update);
      };
    }
  }

  /** @param {ScoreRow} scores @param {ScoreGradients} gradients @param {RowContext} context */
  evaluate(scores, gradients, context) {
    const { tau, negativeWeight, kappaHardness, kappaProduct, hardness, unit, competition, divisor } = this.#options;
    const { positives, negatives, positiveWeights, negativeWeights } = scores;
    this.#begin(negatives.length, negativeWeights);
    if (kappaHardness !== 0 || kappaProduct !== 0) {
      writeHardness(hardness, this.#hardness, negatives, this.#mask, tau);
      findUnits(this.#units, this.#hardness, negativeWeights, unit);
      const { mean, inverse } = this.#units;
      for (let j = 0; j < negatives.length; j++) this.#hardness[j] = (this.#hardness[j] - mean) * inverse;
    }
    const total = weightSum(positives.length, positiveWeights);
    const n = negatives.length;
    const sums = this.#sums.fill(0);
    const { byPositive } = this;
    /** log Σ w and log Σ w e^ω, so that weights have mean 1 in the value. */
    let logWeight = 0;
    let value = 0;
    let lastTau = 0;
    /** LEE at `lastTau`, and the factor by which the terms become its gradient. */
    let lee = 0;
    let inverseSum = 0;
    /** Weight of the positives since the last exponentials, which share their terms. */
    let pending = 0;
    for (let i = 0; i < positives.length; i++) {
      const weight = (positiveWeights ? positiveWeights[i] : 1) / total;
      gradients.positives[i] = 0;
      if (weight === 0 || total === 0) continue;
      const fresh = byPositive || i === 0 || lastTau === 0;
      if (fresh) {
        logWeight = logSum(this.#logs, n, this.#writeLogs(i, scores, context));
        if (competition !== 0) this.#fillSlate(scores);
      }
      const own = competition === 0 ? tau : this.#temperature(positives[i], weight * total, scores, context);
      if (fresh || own !== lastTau) {
        this.#flush(sums, pending * inverseSum);
        pending = 0;
        const sum = expTerms(this.#terms, negatives, 1 / own, this.#logs, this.#found);
        lee = sum === 0 ? 0 : own * (this.#found.top + Math.log(sum) - logWeight);
        inverseSum = sum === 0 ? 0 : 1 / sum;
        lastTau = own;
      }
      const scale = weight / (divisor === 'own' ? own : tau);
      gradients.positives[i] = -scale;
      pending += negativeWeight * scale;
      value += scale * (negativeWeight * lee - positives[i]);
    }
    this.#flush(sums, pending * inverseSum);
    for (let j = 0; j < n; j++) gradients.negatives[j] = sums[j];
    return value;
  }

  /** True where log weights or slate differ between the positives of a row. */
  get byPositive() {
    return this.similar && this.#options.by === 'positive';
  }

  /** Sizes the scratch and writes log w_j. @param {number} n @param {Floats | undefined} weights */
  #begin(n, weights) {
    if (this.#n !== n) {
      this.#n = n;
      this.#mask = new Float64Array(n);
      this.#hardness = new Float64Array(n);
      this.#logs = new Float64Array(n);
      this.#keys = new Float64Array(n);
      this.#terms = new Float64Array(n);
      this.#sums = new Float64Array(n);
    }
    const mask = this.#mask;
    for (let j = 0; j < n; j++) {
      const w = weights ? weights[j] : 1;
      mask[j] = w === 1 ? 0 : w === 0 ? -Infinity : Math.log(w);
    }
  }

  /** Writes log w_j + ω_ij and returns the largest. @param {number} i @param {ScoreRow} scores @param {RowContext} context */
  #writeLogs(i, { positives, negatives, negativeWeights }, context) {
    const { kappaHardness, kappaSimilarity, kappaProduct, clip, by, unit } = this.#options;
    const n = negatives.length;
    const logs = this.#logs;
    const mask = this.#mask;
    const hardness = this.#hardness;
    let top = -Infinity;
    if (!this.similar) {
      for (let j = 0; j < n; j++) {
        const log = mask[j] + Math.max(-clip, Math.min(clip, kappaHardness * hardness[j]));
        logs[j] = log;
        if (log > top) top = log;
      }
      return top;
    }
    this.#similarity =
      by === 'positive' ? this.#similarityOf(i, context) : this.#meanSimilarity(positives.length, context);
    const similarity = this.#similarity;
    findUnits(this.#units, similarity, negativeWeights, unit);
    const { mean, inverse } = this.#units;
    for (let j = 0; j < n; j++) {
      const c = (similarity[j] - mean) * inverse;
      const omega = kappaHardness * hardness[j] + (kappaSimilarity + kappaProduct * hardness[j]) * c;
      const log = mask[j] + Math.max(-clip, Math.min(clip, omega));
      logs[j] = log;
      if (log > top) top = log;
    }
    return top;
  }

  /** [n] mean similarity to the row's positives. @param {number} positives @param {RowContext} context */
  #meanSimilarity(positives, context) {
    const mean = new Float64Array(this.#n);
    for (let p = 0; p < positives; p++) {
      const one = this.#similarityOf(p, context);
      for (let j = 0; j < mean.length; j++) mean[j] += one[j] / positives;
    }
    return mean;
  }

  /** @param {number} i @param {RowContext} context */
  #similarityOf(i, context) {
    return this.#together
      ? this.#together.of(context.positiveItems[i], context.poolItems)
      : /** @type {NonNullable<RowContext['itemSimilarity']>} */ (context.itemSimilarity)(i);
  }

  /** @param {ScoreRow} scores */
  #fillSlate({ negatives, negativeWeights }) {
    const { slate, tau } = this.#options;
    const keys = this.#keys;
    const n = negatives.length;
    for (let j = 0; j < n; j++) {
      // A masked negative has weight 0 in the slate, whatever its key.
      if (this.#mask[j] === -Infinity) keys[j] = 0;
      else if (slate === 'similar') keys[j] = this.#similarity[j];
      else if (slate === 'plain') keys[j] = negatives[j];
      else keys[j] = negatives[j] / tau + this.#logs[j] - this.#mask[j];
    }
    this.#slate.fill(keys, negativeWeights);
  }

  /** τ_i of one positive. @param {number} positive @param {number} weight @param {ScoreRow} scores @param {RowContext} context */
  #temperature(positive, weight, { negatives }, context) {
    const { tau, competition, range, intensity, slate } = this.#options;
    if (this.#slate.count === 0) return tau;
    const exponents = slate === 'weighted' ? this.#keys : undefined;
    const found = intensityOf(intensity, this.#slate, negatives, exponents, positive, tau);
    const states = /** @type {NonNullable<RowContext['states']>} */ (context.states);
    return tau * temperatureFactor(found, weight, { competition, temperatureRange: range }, states);
  }

  /** Adds factor · terms to the gradients. @param {Float64Array} sums @param {number} factor */
  #flush(sums, factor) {
    if (factor === 0) return;
    const terms = this.#terms;
    for (let j = 0; j < sums.length; j++) sums[j] += factor * terms[j];
  }
}
