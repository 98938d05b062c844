import type { Config } from '../../pipeline/config/schema.js';
import type { ModalityId } from '../../pipeline/core/modality.js';
import type { Unit } from '../../pipeline/stage.js';

/**
 * Name of the files of one patient in a `heatmap` artifact, without ending: `.csv` for the numbers, `.png` for the picture if
 * coordinates are known, and a folder with the GeoJSON of each image. With a fixed test set every fold has the same test patients, so
 * the name then contains the fold.
 */
export const heatmapName = (
  modality: ModalityId,
  patient: string,
  fold: number,
  mode: Config['cv']['mode'],
): string => `${modality}-${patient}${mode === 'fixedTest' ? `-fold${fold}` : ''}`;

/**
 * Path of a file of a `heatmap` artifact in the run directory. The unit of the job gives the modality. The file name
 * alone does not, because the name of a modality may contain hyphens.
 */
export const heatmapPath = ({ modality = '' }: Pick<Unit, 'modality'>, file: string): string =>
  `heatmaps/${modality}/${file.slice(modality.length + 1)}`;
