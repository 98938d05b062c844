import { HafError, isMachineFault } from '../../pipeline/core/errors.js';

/**
 * The error of a feature file, or a member of one, that cannot be used: what is wrong, what to do, and the
 * dataset or key it sits in. The `embed` stage turns it into a problem of the run instead of failing.
 *
 * A `cause` that is a fault of the machine stays one: the file is not to blame.
 *
 * @example throw foreign('it has no dataset "features"', 'Extract the features again.', 'features');
 */
export const foreign = (what: string, fix: string, place: string | null = null, cause?: unknown): HafError =>
  isMachineFault(cause)
    ? HafError.from(cause)
    : new HafError('HAF_FEATURES_INVALID', what, fix, { context: { place }, cause });

/** The error as `foreign` made it, or null for anything else, which is a bug or lost infrastructure. */
export const asForeign = (thrown: unknown): HafError | null =>
  thrown instanceof HafError && thrown.code === 'HAF_FEATURES_INVALID' ? thrown : null;
