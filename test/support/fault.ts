import { HafError } from '../../src/pipeline/core/errors.js';

/** The HafError that an attempt ends with; anything else is thrown. */
export async function fault(attempt: Promise<unknown>): Promise<HafError> {
  const error: unknown = await attempt.then(
    () => new Error('expected an error'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof HafError) return error;
  throw error;
}
