import { expect } from 'vitest';
import { TaurecError } from '../../src/errors.ts';

/** The TaurecError that `act` throws. */
export function errorOf(act: () => unknown): TaurecError {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(TaurecError);
    return error as TaurecError;
  }
  throw new Error('Nothing was thrown.');
}

/** The TaurecError that a promise is rejected with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<TaurecError> {
  const error = await promise.then(
    () => new Error('The promise was fulfilled.'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TaurecError);
  return error as TaurecError;
}
