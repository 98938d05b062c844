import { HafError } from '../core/errors.js';
import { listed } from '../core/wording.js';
import type { StageName, Unit } from '../stage.js';

/** What `replay STAGE` and `explain [STAGE]` select. */
export interface JobChoice {
  readonly stage?: StageName | undefined;
  readonly fold?: number | undefined;
}

/**
 * The jobs of a run that a command selects, in the order of `jobs`.
 *
 * @param of - the stage and the unit of a job
 * @throws HafError HAF_USAGE if the run has no such job; it names the stages or the folds that the run has
 */
export function chosenJobs<J>(
  jobs: readonly J[],
  of: (job: J) => { readonly stage: StageName; readonly unit: Unit },
  { stage, fold }: JobChoice,
): readonly J[] {
  const ofStage = jobs.filter((job) => stage === undefined || of(job).stage === stage);
  if (ofStage.length === 0)
    throw new HafError(
      'HAF_USAGE',
      `The run has no ${stage ?? ''} job. Its stages: ${listed([...new Set(jobs.map((job) => of(job).stage))])}.`,
      'Name one of these stages.',
    );
  const chosen = fold === undefined ? ofStage : ofStage.filter((job) => of(job).unit.fold === fold);
  if (chosen.length > 0) return chosen;
  const folds = [...new Set(ofStage.flatMap((job) => of(job).unit.fold ?? []))].sort((a, b) => a - b);
  const what = stage === undefined ? 'job' : `${stage} job`;
  throw folds.length === 0
    ? new HafError('HAF_USAGE', `No ${what} of the run belongs to a fold.`, 'Leave out --fold.')
    : new HafError(
        'HAF_USAGE',
        `The run has no ${what} in fold ${fold ?? ''}. It has ${folds.length === 1 ? 'fold' : 'the folds'} ${rangeText(folds)}.`,
        'Give one of these folds; cv.folds and cv.repeats decide how many a run has.',
      );
}

/** The numbers of folds as text, for example `0 to 4`, or `0, 2 and 3` if some folds are absent. */
function rangeText(folds: readonly number[]): string {
  const [first = 0] = folds;
  const last = folds.at(-1) ?? first;
  return folds.length > 2 && last - first + 1 === folds.length
    ? `${first} to ${last}`
    : listed(folds.map(String));
}
