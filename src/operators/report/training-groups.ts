import type { Config } from '../../pipeline/config/schema.js';
import type { Artifact, Inputs } from '../../pipeline/stage.js';
import { isJoint } from '../methods/method.js';
import { methodOf } from '../methods/registry.js';
import { historyFile, historySchema, type History } from '../tensor/history-data.js';

/** The training jobs that differ only in their fold. */
export interface TrainingGroup {
  /** Part of file names, for example "stage1-wsi". */
  readonly name: string;
  /** The title in the report, for example "Stage 1, WSI". */
  readonly title: string;
  /** Ascending by fold. */
  readonly folds: readonly { readonly fold: number; readonly history: History }[];
}

/**
 * The training jobs of a run in data-flow order. A method that is the classifier of an encoder was trained in Stage 1 and has no
 * group of its own.
 *
 * @param rows methods of the run, in the order of its table
 */
export function trainingGroups(
  inputs: Inputs,
  rows: readonly { readonly method: string; readonly title: string }[],
  schedule: Config['schedule'],
  titles: Readonly<Record<string, string>> = {},
): readonly TrainingGroup[] {
  const [stage1, stage2, stage3] = [inputs.all('stage1'), inputs.all('stage2'), inputs.all('stage3')];
  const alignedBy = (alignment: string): readonly Artifact[] =>
    stage2.filter(({ unit }) => unit.alignment === alignment);
  const encoded = [...new Set(stage1.flatMap(({ unit }) => unit.modality ?? []))];
  return [
    ...encoded.map((modality) =>
      groupOf(
        `stage1-${modality.toLowerCase()}`,
        `Stage 1, ${titles[modality] ?? modality}`,
        stage1.filter(({ unit }) => unit.modality === modality),
      ),
    ),
    groupOf(
      'stage1-union',
      'Stage 1, union of all bags',
      stage1.filter(({ unit }) => unit.union === true),
    ),
    groupOf('stage2', 'Stage 2, alignment', alignedBy('svd')),
    groupOf('stage2-clip', 'Stage 2, CLIP', alignedBy('clip')),
    groupOf('stage2-signed', 'Stage 2, signed alignment', alignedBy('signed')),
    ...rows.flatMap(({ method: id, title }) => {
      const method = methodOf(id);
      if (method.kind === 'bag' || method.kind === 'classic') return [];
      const [name, stages] = isJoint(method, schedule) ? ['joint', 'All stages'] : ['stage3', 'Stage 3'];
      const own = stage3.filter(({ unit }) => unit.method === id);
      return [groupOf(`${name}-${id}`, `${stages}, ${title}`, own)];
    }),
  ].filter(({ folds }) => folds.length > 0);
}

const groupOf = (name: string, title: string, artifacts: readonly Artifact[]): TrainingGroup => ({
  name,
  title,
  folds: artifacts
    .map((artifact) => ({
      fold: artifact.unit.fold ?? 0,
      history: artifact.json(historyFile, historySchema),
    }))
    .sort((a, b) => a.fold - b.fold),
});
