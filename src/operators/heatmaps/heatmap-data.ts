import type { Config } from '../../pipeline/config/schema.js';
import type { ModalityId } from '../../pipeline/core/modality.js';
import type { Unit } from '../../pipeline/stage.js';

/**
 * Name of the files of one patient in a `heatmap` artifact, without ending: `.csv` for the numbers, `.png` for the picture
 * where coordinates are known, and a folder with the GeoJSON of each image. With a fixed test set every fold looks at the same
 * patients, so that the fold belongs to it.
 */
export const heatmapName = (
  modality: ModalityId,
  patient: string,
  fold: number,
  mode: Config['cv']['mode'],
): string => `${modality}-${patient}${mode === 'fixedTest' ? `-fold${fold}` : ''}`;

/** Where the run directory keeps a file of a `heatmap` artifact: by the modality of its job, whose name may hold hyphens. */
export const heatmapPath = ({ modality = '' }: Pick<Unit, 'modality'>, file: string): string =>
  `heatmaps/${modality}/${file.slice(modality.length + 1)}`;
