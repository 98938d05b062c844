import type { Config } from '../../pipeline/config/schema.js';
import { bagOf } from '../../pipeline/config/slots.js';
import { HafError, isMachineFault } from '../../pipeline/core/errors.js';
import type { ModalityId } from '../../pipeline/core/modality.js';
import { readFeatures } from '../features/reading-thread.js';
import type { BagFilesOf } from './bag-patients.js';
import { requestOf } from './feature-contents.js';

/** Number of feature files of a modality that are read on trial: the first, the last and some between. */
const tried = 3;
/** Time limit in seconds for a file on trial. */
const longestTrial = 10;

/**
 * The error that a run would end with because no feature file fits the experiment, for example because of a wrong
 * `width`. Null if at least one of the files that are read on trial can be used. A single bad file is reported by the
 * job that reads it.
 */
export async function unusableFeatures(
  config: Config,
  modality: ModalityId,
  bags: readonly BagFilesOf[],
): Promise<HafError | null> {
  const files = bags.filter(({ kind }) => kind === 'features');
  if (files.length === 0) return null;
  const some = Array.from({ length: Math.min(tried, files.length) }, (_, i) =>
    Math.round((i * (files.length - 1)) / Math.max(1, Math.min(tried, files.length) - 1)),
  );
  const reasons: string[] = [];
  for (const at of new Set(some)) {
    const reason = await whyUnusable(config, modality, files[at] as BagFilesOf);
    if (reason === null) return null;
    reasons.push(reason);
  }
  return new HafError(
    'HAF_FEATURES_INVALID',
    `${modality}: none of the ${reasons.length} feature files that were tried can be used. ${reasons[0] ?? ''}`,
    `Check data.modalities.${modality}.width (now ${bagOf(config, modality).width}) and the files.`,
    { context: { modality } },
  );
}

/** Why no bag of a file can be used. Null if at least one can. */
async function whyUnusable(
  config: Config,
  modality: ModalityId,
  { unit, sources }: BagFilesOf,
): Promise<string | null> {
  const [source] = sources;
  if (source === undefined) return null;
  const file = requestOf(config, modality, unit, source);
  try {
    const { limits } = config.embed;
    const seconds = Math.min(limits.seconds, longestTrial);
    const { bags, rejected } = await readFeatures(file, { ...limits, seconds });
    if (bags.length > 0 || rejected.length === 0) return null;
    return `${source.name}: ${rejected[0]?.reason ?? ''}`;
  } catch (error) {
    // A file that exceeds the time limit does not show that the experiment is wrong.
    if (error instanceof HafError && error.code === 'HAF_INPUT_LIMIT') return null;
    if (isMachineFault(error)) throw error;
    if (error instanceof HafError) return `${source.name}: ${error.what}`;
    throw error;
  }
}
