import type { Artifact, StageContext } from '../../pipeline/stage.js';
import { alignments } from '../../pipeline/core/alignment.js';
import type { Summary } from '../evaluation/summary-data.js';
import { isJoint } from '../methods/method.js';
import { methodOf } from '../methods/registry.js';
import { spectrumFile, spectrumSchema, type Spectrum } from '../stage2/alignment-data.js';
import { historyFile, historySchema, type History } from '../tensor/history-data.js';

/** What training jobs that differ only in their fold left behind. */
interface Group<T> {
  /** Part of file names, for example "stage1-wsi". */
  readonly name: string;
  /** For people, for example "Stage 1, WSI". */
  readonly title: string;
  /** Ascending by fold. */
  readonly folds: readonly ({ readonly fold: number } & T)[];
}
export type TrainingGroup = Group<{ readonly history: History }>;
/** Training jobs of an alignment, or of a method that aligns on its way. */
export type SpectrumGroup = Group<{ readonly spectrum: Spectrum }>;

const stage2Titles = { svd: 'Stage 2, alignment', clip: 'Stage 2, CLIP alignment' } as const;
const stage2Name = { svd: 'stage2', clip: 'stage2-clip' } as const;

/** The histories of all training jobs, in data-flow order. */
export function trainingGroups(
  { config, modalities, inputs }: StageContext,
  { rows }: Summary,
): readonly TrainingGroup[] {
  const read = (name: string, title: string, artifacts: readonly Artifact[]): TrainingGroup =>
    grouped(name, title, artifacts, (artifact) => ({ history: artifact.json(historyFile, historySchema) }));
  const stage1 = inputs.all('stage1');
  return [
    ...modalities.map((modality) =>
      read(
        `stage1-${modality.toLowerCase()}`,
        `Stage 1, ${modality}`,
        stage1.filter(({ unit }) => unit.modality === modality),
      ),
    ),
    read(
      'stage1-union',
      'Stage 1, union of the bags',
      stage1.filter(({ unit }) => unit.union === true),
    ),
    ...alignments.map((alignment) =>
      read(stage2Name[alignment], stage2Titles[alignment], alignedBy(inputs.all('stage2'), alignment)),
    ),
    ...rows.map(({ method, title }) =>
      read(
        `stage3-${method}`,
        `${isJoint(methodOf(method), config.schedule) ? 'All stages' : 'Stage 3'}, ${title}`,
        inputs.all('stage3').filter(({ unit }) => unit.method === method),
      ),
    ),
  ].filter(({ folds }) => folds.length > 0);
}

/** The singular values of everything that was aligned: Stage 2, and methods whose stages were trained together. */
export function spectrumGroups(
  { config, inputs }: StageContext,
  { rows }: Summary,
): readonly SpectrumGroup[] {
  const read = (name: string, title: string, artifacts: readonly Artifact[]): SpectrumGroup =>
    grouped(name, title, artifacts, (artifact) => ({
      spectrum: artifact.json(spectrumFile, spectrumSchema),
    }));
  const together = rows.filter(({ method: id }) => {
    const method = methodOf(id);
    return method.kind === 'fusion' && method.embedding !== 'projected' && isJoint(method, config.schedule);
  });
  return [
    ...alignments.map((alignment) =>
      read(stage2Name[alignment], stage2Titles[alignment], alignedBy(inputs.all('stage2'), alignment)),
    ),
    ...together.map(({ method, title }) =>
      read(
        method,
        title,
        inputs.all('stage3').filter(({ unit }) => unit.method === method),
      ),
    ),
  ].filter(({ folds }) => folds.length > 0);
}

const alignedBy = (
  artifacts: readonly Artifact[],
  alignment: (typeof alignments)[number],
): readonly Artifact[] => artifacts.filter(({ unit }) => (unit.alignment ?? 'svd') === alignment);

const grouped = <T>(
  name: string,
  title: string,
  artifacts: readonly Artifact[],
  read: (artifact: Artifact) => T,
): Group<T> => ({
  name,
  title,
  folds: artifacts
    .map((artifact) => ({ fold: artifact.unit.fold ?? 0, ...read(artifact) }))
    .sort((a, b) => a.fold - b.fold),
});
