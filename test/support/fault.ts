import { HafError } from '../../src/pipeline/core/errors.js';

/** Returns the HafError with which an attempt ends. Any other error is thrown again. */
export async function fault(attempt: Promise<unknown>): Promise<HafError> {
  const error: unknown = await attempt.then(
    () => new Error('expected an error'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof HafError) return error;
  throw error;
}
