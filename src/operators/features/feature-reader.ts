import type { ModalityId } from '../../pipeline/core/modality.js';
import type { NameRule } from '../../pipeline/core/naming.js';
import type { OnNonFinite } from './finite.js';
import type { MemoryBudget } from './memory-budget.js';
import type { ArrayShape } from './stored-array.js';

/** The request to a reader for a feature file. */
export interface FeatureFile {
  /** Absolute path. */
  readonly path: string;
  /** Path relative to the data root, for messages. */
  readonly name: string;
  readonly modality: ModalityId;
  /** The patient of the file. Null if the name of the file does not give the patient. */
  readonly patient: string | null;
  /**
   * The rule by which the names of the arrays in the file give the patient. Absent if the file belongs to one patient.
   */
  readonly names?: NameRule;
  /**
   * Decides what a name of HANCOCK tells about a bag. `tissue` (slides): primary tumour or lymph node. `grid` (cores):
   * the stain.
   */
  readonly tiling: 'tissue' | 'grid';
  /** Required number of values in one instance. */
  readonly width: number;
  /** What to do with instances that have NaN or infinite values. */
  readonly onNonFinite: OnNonFinite;
  /** Memory budget for the features of the file. */
  readonly budget: MemoryBudget;
}

/** The instances of one patient from one slide or core. */
export interface FeatureBag {
  readonly patient: string | null;
  /** HANCOCK: "primary" or "lymph" for slides, the stain for cores; empty for any other cohort. */
  readonly source: string;
  /** Name of the image that the instances come from: the stem of the file name, or the key in an npz file. */
  readonly image: string;
  /** Name of the dataset or key in the file that holds the instances. */
  readonly place: string;
  /** The instances, [rows, width], stored row by row. Every value is finite. */
  readonly values: Float32Array;
  /**
   * Upper left corners of the tiles of the instances, [rows, 2], and the side length of a tile, both in
   * `coords.unit`. Null if the file has no coordinates.
   */
  readonly coords: BagCoords | null;
  /** Micrometres per pixel of the tiles that the encoder received. Null if the file does not state it. */
  readonly mpp: number | null;
}

export interface BagCoords {
  readonly unit: 'px' | 'um';
  readonly side: number | null;
  readonly values: Float32Array;
}

/** A part of a file that could not be used. Other parts of the file are used. */
export interface Rejected {
  readonly severity: 'info' | 'warning' | 'failure';
  readonly patient: string | null;
  readonly place: string | null;
  readonly reason: string;
  readonly fix: string;
}

/** The content of a feature file. Bags are in the order in which they are to be stored. */
export interface FeatureContent {
  /** Tool or format that wrote the file ("clam", "trident", "npz-vector", ...). */
  readonly dialect: string;
  /** The encoder that computed the features, if the file names it. */
  readonly encoder: string | null;
  /**
   * Names of slides or patients in the content of a file with one bag. The user is warned if they contradict the file
   * name.
   */
  readonly says?: readonly string[];
  readonly bags: readonly FeatureBag[];
  readonly rejected: readonly Rejected[];
}

/** Reads one container format. A new format is a new reader, registered in `reader-of.ts`. */
export interface FeatureReader {
  /** File name endings, in lower case with the dot. They are used for files whose content is not recognised. */
  readonly extensions: readonly string[];
  /** Whether a file that begins with these bytes (all bytes of a short file) has this format. */
  recognises(head: Uint8Array): boolean;
  /** @throws HafError `HAF_FEATURES_INVALID` (see `foreign`) if nothing in the file can be used. */
  read(file: FeatureFile): Promise<FeatureContent>;
  /**
   * Names of the arrays in a file in which each array may be a bag. Null for a file of one patient. A reader whose
   * files always belong to one patient omits this method.
   * @throws HafError `HAF_FEATURES_INVALID`
   */
  keys?(path: string): readonly string[] | null;
  /**
   * Names and shapes of the arrays in a file, or of the first few. Used to survey unknown files.
   * @throws HafError `HAF_FEATURES_INVALID`
   */
  shapes(path: string, budget: MemoryBudget): Promise<readonly ArrayShape[]>;
}
