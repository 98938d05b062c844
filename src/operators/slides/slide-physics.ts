import type { OmeImage, OmeSize } from './ome-xml.js';
import { numberIn, quotable, saidSize, type SaidSize } from './said-size.js';
import type { SlideMpp } from './slide-reader.js';
import type { TiffPage } from './tiff-directory.js';

/**
 * Whether a pixel size is plausible for a light microscope: a 100x objective gives 0.1 um, a 1x overview 10 um. Other
 * values are not measurements.
 */
export const plausible = (mpp: number): boolean => Number.isFinite(mpp) && mpp >= 0.05 && mpp <= 20;

/** The pixel size, as a file states it. */
export interface PixelSize {
  /** Micrometres per pixel. Null if the file states no plausible value. */
  readonly mpp: SlideMpp | null;
  /** Text of the file about the pixel size that was not used, because it is not understood or not plausible. */
  readonly unused: string | null;
}

const silent: PixelSize = { mpp: null, unused: null };

/**
 * The width and height of a pixel as a pixel size. If one of them is not understood or not plausible, there is no pixel
 * size, and `unused` has the text of the file.
 */
function sizeOf(x: SaidSize, y: SaidSize, source: string, said: string): PixelSize {
  if ('quoted' in x || 'quoted' in y) return { mpp: null, unused: said };
  if (!plausible(x.micrometres) || !plausible(y.micrometres)) return { mpp: null, unused: said };
  return { mpp: { x: x.micrometres, y: y.micrometres, source }, unused: null };
}

/** A field of Aperio's ImageDescription, such as `AppMag = 20|MPP = 0.4990`. Null if it is absent or empty. */
function aperioField(description: string, key: string): string | null {
  for (const part of description.split('|').slice(1)) {
    const [name = '', ...value] = part.split('=');
    const text = value.join('=').trim();
    if (name.trim().toLowerCase() === key && text !== '') return text;
  }
  return null;
}

function aperioSize({ description }: TiffPage): PixelSize {
  const text = aperioField(description, 'mpp');
  if (text === null) return silent;
  const said = `MPP = ${quotable(text)}`;
  const side = saidSize(text, 'um', said);
  return sizeOf(side, side, 'Aperio MPP', said);
}

const omeWords = (axis: 'X' | 'Y', { value, unit }: OmeSize): string =>
  quotable(
    `PhysicalSize${axis}="${value ?? ''}"${unit === null ? '' : ` PhysicalSize${axis}Unit="${unit}"`}`,
  );

function omeSize(image: OmeImage | null, of: number): PixelSize {
  if (image === null)
    return of === 0
      ? silent
      : { mpp: null, unused: `the OME-XML does not say which of its ${of} images it is` };
  const { x, y } = image.size;
  const empty = ({ value }: OmeSize): boolean => value === null || value.trim() === '';
  if (empty(x) && empty(y)) return silent;
  const [wordsX, wordsY] = [omeWords('X', x), omeWords('Y', y)];
  const side = ({ value, unit }: OmeSize, words: string): SaidSize =>
    saidSize(value ?? '', unit === null || unit.trim() === '' ? 'um' : unit, words);
  return sizeOf(side(x, wordsX), side(y, wordsY), 'OME PhysicalSize', `${wordsX}, ${wordsY}`);
}

/** Units of ImageJ that mean that nothing was measured. */
const uncalibrated = /^(|pixels?|px|null|none|1)$/i;

/**
 * With `unit=micron` in ImageJ's ImageDescription, XResolution counts pixels per this unit, whatever ResolutionUnit
 * says.
 */
function imageJSize({ description, resolution }: TiffPage): PixelSize {
  const unit = /^ImageJ=/.test(description) ? /^unit=(.*)$/m.exec(description)?.[1]?.trim() : undefined;
  if (unit === undefined || uncalibrated.test(unit)) return silent;
  if (resolution === null) return silent;
  const said = `unit=${quotable(unit)}, ${resolution.x} pixels per unit`;
  const side = (perUnit: number): SaidSize => saidSize(`${1 / perUnit}`, unit, said);
  return sizeOf(side(resolution.x), side(resolution.y), 'ImageJ unit', said);
}

/** Micrometres per unit, by the value of the TIFF tag ResolutionUnit: 2 is an inch, 3 a centimetre; 1 is no unit. */
const resolutionUnits: Readonly<Record<number, number>> = { 2: 25_400, 3: 10_000 };

function resolutionSize({ resolution }: TiffPage): PixelSize {
  if (resolution === null || resolution.unit === 1) return silent;
  const { x: perX, y: perY, unit } = resolution;
  const said = `XResolution ${perX}, YResolution ${perY}, ResolutionUnit ${unit}`;
  const micrometres = resolutionUnits[unit];
  if (micrometres === undefined) return { mpp: null, unused: said };
  const [x, y] = [micrometres / perX, micrometres / perY];
  if (plausible(x) && plausible(y)) return { mpp: { x, y, source: 'TIFF resolution' }, unused: null };
  // A resolution that an editor writes by default (72, 96, 300 per inch) does not count as a statement of the pixel
  // size. A pixel size that is plausible in only one direction is reported, but cannot be used.
  return { mpp: null, unused: plausible(x) || plausible(y) ? said : null };
}

/**
 * The pixel size that the file states, from the most reliable source.
 * @param image the element of the OME-XML that belongs to the page
 * @param images number of elements in the OME-XML
 */
export function pixelSize(vendor: string, page: TiffPage, image: OmeImage | null, images: number): PixelSize {
  const own =
    vendor === 'aperio' ? aperioSize(page) : vendor === 'ome' ? omeSize(image, images) : imageJSize(page);
  if (own.mpp !== null) return own;
  const resolution = resolutionSize(page);
  return { mpp: resolution.mpp, unused: own.unused ?? resolution.unused };
}

/** Maximum ratio of the pixel sizes along x and y of a square pixel. Slides from scanners have a smaller ratio. */
const squareWithin = 1.05;

/**
 * Ratio of the pixel sizes along x and y up to which no difference is reported. The two sizes are measured separately,
 * so such a small difference is a measuring error.
 */
const almostWithin = 1.01;

const longer = ({ x, y }: SlideMpp): number => Math.max(x, y) / Math.min(x, y);
export const isSquare = (mpp: SlideMpp): boolean => longer(mpp) <= squareWithin;
export const isAlmostSquare = (mpp: SlideMpp): boolean => longer(mpp) <= almostWithin;

/** Objective power, as the file states it. */
export function magnificationOf(vendor: string, page: TiffPage, image: OmeImage | null): number | null {
  if (vendor !== 'aperio') return image?.magnification ?? null;
  const power = numberIn(aperioField(page.description, 'appmag') ?? '')?.value ?? 0;
  return power > 0 ? power : null;
}
