import type { Failure } from '../../session.ts';
import { shownFailure } from '../state/failure.ts';

/** Shows a failure: what happened, what to do about it, and a button that tries again. */
export function FailurePanel({
  failure,
  retry,
  label = 'Try again',
}: {
  failure: Failure;
  retry?: () => void;
  label?: string;
}) {
  const { code, what, remedy } = shownFailure(failure);
  return (
    <section class="failure" role="alert" data-code={code}>
      <p class="failure-what">{what}</p>
      {remedy && <p class="failure-remedy">{remedy}</p>}
      {retry && (
        <button type="button" onClick={retry}>
          {label}
        </button>
      )}
    </section>
  );
}
