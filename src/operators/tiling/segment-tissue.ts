import { closing } from './closing.js';
import type { GreyImage } from './grey-image.js';
import { medianBlur } from './median-blur.js';
import { netArea, selectTissue } from './select-tissue.js';
import { otsuThreshold, threshold } from './threshold.js';
import type { TissueSettings } from './tissue-settings.js';
import { traceContours, type Outline } from './trace-contours.js';

export interface Tissue {
  /** The kept pieces of tissue in pixels of the segmented picture, in the same order as in CLAM. */
  readonly outlines: readonly Outline[];
  /** 255 where the picture after closing is above the threshold. */
  readonly mask: GreyImage;
  /** The threshold that was used: from the settings, or found by Otsu's method. */
  readonly threshold: number;
  /** Net area of the largest piece of tissue, kept or not, in pixels of the picture. */
  readonly largest: number;
}

/**
 * Segments the tissue of a picture by the rules of CLAM (method.md 3.1, steps 3 to 8), equal to OpenCV 4.6 pixel by
 * pixel and vertex by vertex.
 *
 * @param saturation saturation of the picture, 0 to 255
 * @param downsample level-0 pixels per pixel of the picture, along x and y
 */
export function segmentTissue(
  saturation: GreyImage,
  settings: TissueSettings,
  downsample: readonly [number, number],
): Tissue {
  const smooth = settings.mthresh > 1 ? medianBlur(saturation, settings.mthresh) : saturation;
  const above = settings.useOtsu ? otsuThreshold(smooth) : settings.sthresh;
  const binary = threshold(smooth, above);
  const mask = settings.close > 0 ? closing(binary, settings.close) : binary;
  const found = traceContours(mask);
  return {
    outlines: selectTissue(found, settings, downsample),
    mask,
    threshold: above,
    largest: found.reduce((most, outline) => Math.max(most, netArea(outline)), 0),
  };
}
