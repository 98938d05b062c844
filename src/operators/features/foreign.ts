import { HafError, isMachineFault } from '../../pipeline/core/errors.js';

/**
 * The error for a feature file that cannot be used as a whole or in part. It says what is wrong, what to do, and in
 * which dataset or key. The `embed` stage reports this error as a problem of the run and does not fail.
 *
 * If `cause` is a fault of the machine, this fault is returned instead, because the file is not to blame.
 *
 * @example throw foreign('it has no dataset "features"', 'Extract the features again.', 'features');
 */
export const foreign = (what: string, fix: string, place: string | null = null, cause?: unknown): HafError =>
  isMachineFault(cause)
    ? HafError.from(cause)
    : new HafError('HAF_FEATURES_INVALID', what, fix, { context: { place }, cause });

/** The error, if `foreign` made it. Null for anything else, which is a bug or a fault of the machine. */
export const asForeign = (thrown: unknown): HafError | null =>
  thrown instanceof HafError && thrown.code === 'HAF_FEATURES_INVALID' ? thrown : null;
