import type { ModalityId } from '../../pipeline/core/modality.js';
import type { Problem } from '../../pipeline/core/problem.js';
import type { BagIndex } from '../features/bag-index.js';

/** The bags of one `embed` artifact: of a feature file, or of images whose tiles were encoded. */
export interface EmbeddedBags {
  readonly artifact: string;
  readonly modality: ModalityId;
  /** Path of the slide, core or feature file below the data root; null for the cores of a patient. */
  readonly file: string | null;
  /** What people call it: the path, or whose cores it is. */
  readonly name: string;
  /** The key of the images it was made from; null when it was read from a feature file. */
  readonly fromImages: 'slides' | 'images' | null;
  readonly index: BagIndex;
}

/** What one slide, core or array of a file gives to the bag of a patient. */
export interface BagPiece {
  readonly of: EmbeddedBags;
  readonly patient: string;
  readonly source: string;
  readonly image: string;
  readonly start: number;
  readonly rows: number;
  /** Micrometres per pixel at which the encoder saw its tiles; null when unknown. */
  readonly mpp: number | null;
  /** Equal for equal instances. */
  readonly digest?: string | undefined;
}

/** The pieces of all files; one whose name holds no patient is a problem. */
export function piecesOf(all: readonly EmbeddedBags[], problems: Problem[]): readonly BagPiece[] {
  return all.flatMap((of) =>
    of.index.bags.flatMap((bag): BagPiece[] => {
      if (bag.patient !== null) return [{ of, ...bag, patient: bag.patient }];
      problems.push({
        ...{ severity: 'failure', stage: 'cohort', patient: null, file: of.file, place: bag.image },
        reason: 'Its name holds no patient id, so its instances belong to nobody.',
        fix: `Rename it, or correct data.modalities.${of.modality}.patient.`,
      });
      return [];
    }),
  );
}

/** The key of the experiment that says which files a modality is made of. */
export const filesKey = ({ modality, fromImages }: Pick<EmbeddedBags, 'modality' | 'fromImages'>): string =>
  `data.modalities.${modality}.${fromImages ?? 'files'}`;

/** What the problems of a piece have in common; the image stands where there is no single file. */
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
