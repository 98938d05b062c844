/**
 * The folder of a training job below `folds/FOLD` in the run directory.
 *
 * @param of modality (stage1), alignment (stage2) or method of the job; undefined for the one encoder of all bags
 */
export function trainingFolder(stage: string, of: string | undefined): string {
  if (stage === 'stage1') return `stage1-${of ?? 'union'}`;
  if (stage === 'stage2') return of === undefined || of === 'svd' ? 'stage2' : `stage2-${of}`;
  return of ?? '';
}
