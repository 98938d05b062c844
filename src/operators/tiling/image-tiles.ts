import { stemOf } from '../../pipeline/core/file-name.js';
import { sourceIn } from '../../pipeline/core/naming.js';
import { HafError } from '../../pipeline/core/errors.js';
import type { Problem } from '../../pipeline/core/problem.js';
import type { SourceFile, StageOutput, Unit } from '../../pipeline/stage.js';
import type { SlideMpp, SlideReader } from '../slides/slide-reader.js';
import type { RgbImage } from './rgb-image.js';
import type { TiledImage } from './tiles-data.js';

/** Opens an image for reading pixels: `openSlide`, or a replacement in tests. */
export type OpenSlide = (path: string, by?: Unit['reader'], scene?: number | null) => Promise<SlideReader>;

/** The result of tiling one image. */
export interface ImageTiles {
  readonly image: Omit<TiledImage, 'start'>;
  /** Upper left corner of each tile in level-0 pixels, [rows, 2]. */
  readonly coords: Int32Array;
  readonly problems: readonly Problem[];
  readonly files: StageOutput['files'];
  /** The picture for the contact sheet. Null if no picture could be made. */
  readonly picture: RgbImage | null;
}

/** The initial record of an image: only its name and its patient are known. */
export function blankImage(
  { name }: Pick<SourceFile, 'name'>,
  { patient, names, tiling = 'tissue' }: Pick<Unit, 'patient' | 'names' | 'tiling'>,
): ImageTiles['image'] {
  const id = stemOf(name);
  return {
    id,
    file: name,
    patient: patient ?? null,
    source: sourceIn(names, tiling, id, id),
    outcome: 'ok',
    reason: null,
    image: null,
    segmentation: null,
    tile: null,
    rows: 0,
  };
}

export function imageFacts({ info }: SlideReader, mpp: SlideMpp | null): NonNullable<TiledImage['image']> {
  const { vendor, route, magnification, compression } = info;
  const { width, height } = info.levels[0] ?? { width: 0, height: 0 };
  const levels = info.levels.map((level) => ({
    width: level.width,
    height: level.height,
    downsample: level.downsample,
  }));
  return { vendor, route, width, height, levels, mpp, magnification, compression };
}

export const problemOf = (
  { file, patient }: Pick<TiledImage, 'file' | 'patient'>,
  severity: Problem['severity'],
  reason: string,
  fix: string,
): Problem => ({ severity, stage: 'tile', patient, file, place: null, reason, fix });

/** A note about an image that is still used. */
export const noteOf = (image: Pick<TiledImage, 'file' | 'patient'>, note: string): Problem =>
  problemOf(image, 'info', note, 'Nothing needs to be done if that is as expected.');

/** Why an image cannot be used, and what to do. */
export interface Refusal {
  readonly reason: string;
  readonly fix: string;
}

/** The result for an image that cannot be used. */
export function failedImage(
  blank: ImageTiles['image'],
  { reason, fix }: Refusal,
  picture: RgbImage | null = null,
): ImageTiles {
  const image = { ...blank, outcome: 'failed', reason } as const;
  const problems = [problemOf(image, 'failure', reason, fix)];
  return { image, coords: new Int32Array(), problems, files: {}, picture };
}

/** The reason why an image cannot be used. An error that is not about the image is thrown again. */
export function refusalOf(thrown: unknown): Refusal {
  const ofImage = ['HAF_SLIDE_UNREADABLE', 'HAF_SLIDE_MPP_MISSING'];
  if (!(thrown instanceof HafError) || !ofImage.includes(thrown.code)) throw thrown;
  const { reason } = thrown.context;
  return { reason: typeof reason === 'string' ? reason : thrown.what, fix: thrown.fix };
}

/** The refusal of a file whose name holds no patient id. */
export const noPatient: Refusal = {
  reason: 'its name has no patient id',
  fix: 'Rename it, or correct `patient` of the modality in the experiment.',
};
