import type { Reasons } from '../../../recommender/explanation.ts';
import { score as scoreText } from '../parts/figures.ts';
import { partBars } from './reasons.ts';

/** A part with its sign: `+0.130`. */
function signed(value: number): string {
  return value > 0 ? `+${scoreText(value)}` : scoreText(value);
}

/** The parts of a score: what each liked item adds to it, as bars and numbers. */
export function ReasonBars({ reasons, score }: { reasons: Reasons; score?: number }) {
  const { zero, bars } = partBars(reasons);
  return (
    <div class="reasons">
      <ul aria-label="Parts of the score">
        {bars.map(({ key, label, value, from, width, of }) => (
          <li key={key}>
            <span class="reason-name">{label}</span>
            <span class="figure">{signed(value)}</span>
            <svg class="reason-bar" height="6" width="100%" aria-hidden="true">
              <rect
                class={value < 0 ? 'against' : undefined}
                x={`${from * 100}%`}
                width={`${width * 100}%`}
                height="6"
                rx="2"
              />
              {zero > 0 && <line x1={`${zero * 100}%`} x2={`${zero * 100}%`} y2="6" />}
            </svg>
            {of && of.neighbor !== 0 && (
              <span class="reason-of">
                {signed(of.neighbor)} from people who have both, {signed(of.embedding)} from likeness
              </span>
            )}
          </li>
        ))}
      </ul>
      {score !== undefined && (
        <p class="reason-sum">
          <span>Together, the score</span> <span class="figure">{scoreText(score)}</span>
        </p>
      )}
    </div>
  );
}
