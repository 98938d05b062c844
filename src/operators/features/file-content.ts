import type { Problem } from '../../pipeline/core/problem.js';
import { emptyRows } from './empty-rows.js';
import type { FeatureContent, Rejected } from './feature-reader.js';
import { asForeign } from './foreign.js';
import type { ReadingLimits } from './reading-limits.js';
import type { FeatureRequest } from './reading-tasks.js';
import { readFeatures } from './reading-thread.js';

/** Dialect of a file that could not be read. */
const unreadable = 'unreadable';

/** Reads a feature file. If the file as a whole cannot be used, the result has no bags and the reason. */
export async function contentOf(file: FeatureRequest, limits: ReadingLimits): Promise<FeatureContent> {
  try {
    return await readFeatures(file, limits);
  } catch (thrown) {
    const error = asForeign(thrown);
    if (error === null) throw thrown;
    const place = typeof error.context['place'] === 'string' ? error.context['place'] : null;
    const { patient } = file;
    const rejected: Rejected = { severity: 'failure', patient, place, reason: error.what, fix: error.fix };
    return { dialect: unreadable, encoder: null, bags: [], rejected: [rejected] };
  }
}

/** The problems that `up` lists for a feature file after reading it: what is left out, and what looks doubtful. */
export function problemsOf(
  { bags, rejected }: FeatureContent,
  { name, width }: FeatureRequest,
): readonly Problem[] {
  const empty = bags
    .filter(({ values }) => values.length === 0)
    .map(({ patient, place }): Rejected => ({
      severity: 'warning',
      patient,
      place,
      reason: 'it has no rows',
      fix: 'Check whether the segmentation found tissue.',
    }));
  return [...rejected, ...empty, ...emptyRows(bags, width)].map((part) => ({
    stage: 'embed',
    file: name,
    ...part,
  }));
}
