import { randomStream } from '../../array/random.ts';
import { logExpectationExp } from '../../loss/log-expectation-exp.ts';
import type { Loss, RowContext, RowStates, ScoreRow } from '../../loss/loss.ts';
import type { LossCheck } from '../session.ts';

/** Rows that are tried, and the bound below which a relative error is rounding. */
const ROWS = 40;
const BOUND = 1e-4;
/** Half the step of a difference. */
const STEP = 1e-5;
/** Problems that are told. */
const TOLD = 5;

/**
 * Compares the gradients of a loss with central differences of its values, on random rows of cosines: with weights of positives, and with negatives that are masked, whose scores must have no effect and whose gradients must be 0. The
 * relative error of a gradient is |g − d| / max(|d|, 1% of the row's largest |d|, 1e-6).
 */
export function checkGradients(loss: Loss): LossCheck {
  const random = randomStream(1, 'typed-loss');
  let worst = 0;
  const problems: string[] = [];
  const tell = (problem: string) => {
    if (problems.length < TOLD && !problems.includes(problem)) problems.push(problem);
  };
  for (let r = 0; r < ROWS && problems.length < TOLD; r++) {
    const draw = (count: number, value: () => number) => Float64Array.from({ length: count }, value);
    const cosine = () => 2 * random.real() - 1;
    const positives = draw(1 + random.integer(5), cosine);
    const negatives = draw(2 + random.integer(10), cosine);
    const row: ScoreRow = {
      positives,
      negatives,
      ...(r % 3 > 0 && { positiveWeights: draw(positives.length, () => 0.25 + 2 * random.real()) }),
      // At least one negative stays.
      ...(r % 2 > 0 && {
        negativeWeights: draw(negatives.length, () => (random.real() < 0.3 ? 0 : 0.25 + random.real())).map((w, at) =>
          at === 0 ? 1 : w,
        ),
      }),
    };
    const similarity = draw(negatives.length, cosine);
    const evaluate = (scores: ScoreRow) => {
      const gradients = {
        positives: draw(positives.length, () => Number.NaN),
        negatives: draw(negatives.length, () => Number.NaN),
      };
      return { value: loss.evaluate(scores, gradients, contextOf(loss, scores, similarity)), gradients };
    };
    const before = [positives.slice(), negatives.slice()];
    const { value, gradients } = evaluate(row);
    if (!Number.isFinite(value)) tell(`evaluate returned ${value}, expected a finite number`);
    if ([positives, negatives].some((scores, s) => scores.some((score, at) => score !== before[s]![at])))
      tell('evaluate changed the scores; it may only write gradients');
    const differences = { positives: [] as number[], negatives: [] as number[] };
    for (const side of ['positives', 'negatives'] as const)
      for (let at = 0; at < row[side].length; at++) {
        const moved = (by: number) => {
          const scores = row[side].slice();
          scores[at]! += by;
          return evaluate({ ...row, [side]: scores }).value;
        };
        differences[side].push((moved(STEP) - moved(-STEP)) / (2 * STEP));
      }
    const largest = Math.max(...[...differences.positives, ...differences.negatives].map(Math.abs));
    for (const side of ['positives', 'negatives'] as const)
      for (const [at, difference] of differences[side].entries()) {
        const gradient = gradients[side][at]!;
        const name = `gradients.${side}[${at}]`;
        if (Number.isNaN(gradient)) {
          worst = Infinity;
          tell(`${name} was not written: every gradient must be`);
          continue;
        }
        if (side === 'negatives' && row.negativeWeights?.[at] === 0 && (gradient !== 0 || difference !== 0))
          tell(`${name} belongs to a masked negative (weight 0): its gradient and its effect must be 0`);
        const error = Math.abs(gradient - difference) / Math.max(Math.abs(difference), 0.01 * largest, 1e-6);
        worst = Math.max(worst, error);
        if (error >= BOUND) tell(`${name} is ${shown(gradient)}, by differences ${shown(difference)}`);
      }
  }
  // JSON has no Infinity.
  const gradientError = Math.min(worst, Number.MAX_VALUE);
  return { name: loss.name, gradientError, passed: problems.length === 0 && worst < BOUND, problems };
}

const shown = (value: number) => String(Number(value.toPrecision(5)));

function contextOf(loss: Loss, { positives, negatives }: ScoreRow, similarity: Float64Array): RowContext {
  const { itemSimilarity = false, userState = 0, itemState = false, globalState = 0 } = loss.needs ?? {};
  const zeros = (length: number) => new Float64Array(length);
  const items = itemState ? negatives.length : 0;
  const states: RowStates = {
    user: zeros(userState),
    items: zeros(items),
    global: Float64Array.from({ length: globalState }, (_, at) => loss.initialGlobalState?.[at] ?? 0),
    userUpdate: zeros(userState),
    itemUpdates: zeros(items),
    globalUpdate: zeros(globalState),
  };
  return {
    user: 0,
    positiveItems: Int32Array.from(positives, (_, at) => at),
    poolItems: Int32Array.from(negatives, (_, at) => positives.length + at),
    logExpectationExp,
    ...(itemSimilarity && { itemSimilarity: () => similarity }),
    ...(loss.updateStates && { states }),
  };
}
