import { TaurecError } from '../errors.ts';

/** The error `feedback-failed` with the reason for the server log; `problemReply` removes it for clients. */
export function failed(cause: unknown): TaurecError {
  return new TaurecError(
    'feedback-failed',
    { reason: cause instanceof Error ? cause.message : String(cause) },
    { cause },
  );
}
