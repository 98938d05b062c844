import type { ModalityId } from '../../pipeline/core/modality.js';
import type { Problem } from '../../pipeline/core/problem.js';
import type { BagIndex } from '../features/bag-index.js';

/** The bags of one `embed` artifact: from a feature file, or from images whose tiles were encoded. */
export interface EmbeddedBags {
  readonly artifact: string;
  readonly modality: ModalityId;
  /** Path of the slide, core or feature file, relative to the data root. Null for the cores of a patient. */
  readonly file: string | null;
  /** Name of the artifact in messages: the path of its file, or the patient of the cores. */
  readonly name: string;
  /**
   * The key of the experiment that declares the images from which the bag was computed. Null if it was read from a
   * feature file.
   */
  readonly fromImages: 'slides' | 'images' | null;
  readonly index: BagIndex;
}

/** The instances that one slide, core or array of a file adds to the bag of a patient. */
export interface BagPiece {
  readonly of: EmbeddedBags;
  readonly patient: string;
  readonly source: string;
  readonly image: string;
  readonly start: number;
  readonly rows: number;
  /** Micrometres per pixel of the tiles that the encoder received. Null if unknown. */
  readonly mpp: number | null;
  /** A hash that is equal for equal instances. */
  readonly digest?: string | undefined;
}

/** The pieces of all files. A piece whose name holds no patient is reported as a problem. */
export function piecesOf(all: readonly EmbeddedBags[], problems: Problem[]): readonly BagPiece[] {
  return all.flatMap((of) =>
    of.index.bags.flatMap((bag): BagPiece[] => {
      if (bag.patient !== null) return [{ of, ...bag, patient: bag.patient }];
      problems.push({
        ...{ severity: 'failure', stage: 'cohort', patient: null, file: of.file, place: bag.image },
        reason: 'Its name holds no patient id, so its instances belong to no patient.',
        fix: `Rename it, or correct data.modalities.${of.modality}.patient.`,
      });
      return [];
    }),
  );
}

/** The key of the experiment that names the files of a modality. */
export const filesKey = ({ modality, fromImages }: Pick<EmbeddedBags, 'modality' | 'fromImages'>): string =>
  `data.modalities.${modality}.${fromImages ?? 'files'}`;

/**
 * The common fields of all problems with a piece. `place` names the modality. For the cores of a patient, `file` is
 * null, because one artifact holds several images. So `place` names the image of the piece instead.
 */
export const ofPiece = ({
  of,
  patient,
  image,
}: BagPiece): Pick<Problem, 'stage' | 'patient' | 'file' | 'place'> => ({
  stage: 'cohort',
  patient,
  file: of.file,
  place: of.file === null ? image : of.modality,
});
