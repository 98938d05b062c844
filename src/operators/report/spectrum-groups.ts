import { alignments } from '../../pipeline/core/alignment.js';
import type { Config } from '../../pipeline/config/schema.js';
import type { Artifact, Inputs } from '../../pipeline/stage.js';
import { isJoint } from '../methods/method.js';
import { methodOf } from '../methods/registry.js';
import { spectrumFile, spectrumSchema, type Spectrum } from '../stage2/alignment-data.js';

/** The singular values of the modality vectors, from training jobs that differ only in their fold. */
export interface SpectrumGroup {
  /** Last part of the name of the figure's files, for example "stage2". */
  readonly name: string;
  /** Title of the figure in the report, for example "Stage 2, alignment". */
  readonly title: string;
  /** The singular values of each fold, ascending by fold. */
  readonly folds: readonly { readonly fold: number; readonly spectrum: Spectrum }[];
}

const stage2Names = {
  svd: ['stage2', 'Stage 2, alignment'],
  clip: ['stage2-clip', 'Stage 2, CLIP'],
  signed: ['stage2-signed', 'Stage 2, signed alignment'],
} as const;

/** The singular values of everything that was aligned: by Stage 2, or within methods that were trained in one job. */
export function spectrumGroups(
  inputs: Inputs,
  rows: readonly { readonly method: string; readonly title: string }[],
  schedule: Config['schedule'],
): readonly SpectrumGroup[] {
  const together = rows.filter(({ method: id }) => {
    const method = methodOf(id);
    return method.kind === 'fusion' && method.embedding !== 'projected' && isJoint(method, schedule);
  });
  return [
    ...alignments.map((alignment) => {
      const [name, title] = stage2Names[alignment];
      return groupOf(
        name,
        title,
        inputs.all('stage2').filter(({ unit }) => unit.alignment === alignment),
      );
    }),
    ...together.map(({ method, title }) =>
      groupOf(
        method,
        title,
        inputs.all('stage3').filter(({ unit }) => unit.method === method),
      ),
    ),
  ].filter(({ folds }) => folds.length > 0);
}

const groupOf = (name: string, title: string, artifacts: readonly Artifact[]): SpectrumGroup => ({
  name,
  title,
  folds: artifacts
    .map((artifact) => ({
      fold: artifact.unit.fold ?? 0,
      spectrum: artifact.json(spectrumFile, spectrumSchema),
    }))
    .sort((a, b) => a.fold - b.fold),
});
