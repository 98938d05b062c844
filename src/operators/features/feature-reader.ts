import type { ModalityId } from '../../pipeline/core/modality.js';
import type { NameRule } from '../../pipeline/core/naming.js';
import type { OnNonFinite } from './finite.js';
import type { MemoryBudget } from './memory-budget.js';
import type { ArrayShape } from './stored-array.js';

/** A feature file as a reader is asked for it. */
export interface FeatureFile {
  /** Absolute path. */
  readonly path: string;
  /** Path below the data root, as messages show it. */
  readonly name: string;
  readonly modality: ModalityId;
  /** Whose it is; null when its name does not say. */
  readonly patient: string | null;
  /** How its arrays say whose they are; absent when the file is of one patient. */
  readonly names?: NameRule;
  /** What HANCOCK's names tell apart: slides by where they come from, cores by their stain. */
  readonly tiling: 'tissue' | 'grid';
  /** Length one instance must have. */
  readonly width: number;
  /** What to do with instances that have NaN or infinite values. */
  readonly onNonFinite: OnNonFinite;
  /** Memory its features may take. */
  readonly budget: MemoryBudget;
}

/** The instances of one patient from one slide or core. */
export interface FeatureBag {
  readonly patient: string | null;
  /** HANCOCK: "primary" or "lymph" for slides, the stain for cores; empty for any other cohort. */
  readonly source: string;
  /** What the rows are of: the stem of the file, or the key in an npz. */
  readonly image: string;
  /** Dataset or key inside the file. */
  readonly place: string;
  /** [rows, width], row after row; every value is finite. */
  readonly values: Float32Array;
  /** [rows, 2], upper left corners in `unit`, with the side of an instance; null when the file has none. */
  readonly coords: BagCoords | null;
  /** Micrometres per pixel at which the encoder saw the tiles; null when the file does not say. */
  readonly mpp: number | null;
}

export interface BagCoords {
  readonly unit: 'px' | 'um';
  readonly side: number | null;
  readonly values: Float32Array;
}

/** A part of a file that could not be used although the rest could. */
export interface Rejected {
  readonly severity: 'info' | 'warning' | 'failure';
  readonly patient: string | null;
  readonly place: string | null;
  readonly reason: string;
  readonly fix: string;
}

/** What a feature file holds, in the order the bags are to be stored. */
export interface FeatureContent {
  /** Tool or layout that wrote the file ("clam", "trident", "npz-vector", ...). */
  readonly dialect: string;
  /** Who made the features, as far as the file says. */
  readonly encoder: string | null;
  /** The slides or patients that a file of one bag says it is of. */
  readonly says?: readonly string[];
  readonly bags: readonly FeatureBag[];
  readonly rejected: readonly Rejected[];
}

/** Reads one container format. A new format is one more of these, entered in `reader-of.ts`. */
export interface FeatureReader {
  /** File name endings, lower case, with the dot: for files whose content is not recognised. */
  readonly extensions: readonly string[];
  /** Whether a file that begins with these bytes (all of a short file) is of this format. */
  recognises(head: Uint8Array): boolean;
  /** @throws HafError `HAF_FEATURES_INVALID` (see `foreign`) when nothing of the file can be used. */
  read(file: FeatureFile): Promise<FeatureContent>;
  /**
   * Names of its arrays, each of which may be a bag of its own; null or absent for a file of one patient.
   * @throws HafError `HAF_FEATURES_INVALID`
   */
  keys?(path: string): readonly string[] | null;
  /**
   * Names and shapes of its arrays, or of the first few: what a survey of unknown files looks at.
   * @throws HafError `HAF_FEATURES_INVALID`
   */
  shapes(path: string, budget: MemoryBudget): Promise<readonly ArrayShape[]>;
}
