import { areaOf, type Polygon } from './polygon.js';
import type { TissueSettings } from './tissue-settings.js';
import type { Outline } from './trace-contours.js';

/** `minArea` and `minHoleArea` count squares of this side length in level-0 pixels. */
const referenceSide = 512;

/** Minimum areas in pixels of the segmented picture (method.md 3.1, step 7). */
export function areaLimits(
  { minArea, minHoleArea }: Pick<TissueSettings, 'minArea' | 'minHoleArea'>,
  [x, y]: readonly [number, number],
): { readonly unit: number; readonly tissue: number; readonly hole: number } {
  const unit = Math.trunc(referenceSide ** 2 / (x * y));
  return { unit, tissue: minArea * unit, hole: minHoleArea * unit };
}

/** Area of an outline minus the areas of all its holes, also of the holes that `selectTissue` does not keep. */
export const netArea = ({ outer, holes }: Outline): number =>
  areaOf(outer) - holes.reduce((sum, hole) => sum + areaOf(hole), 0);

function largestHoles(holes: readonly Polygon[], most: number, above: number): readonly Polygon[] {
  const measured = holes.map((hole) => ({ hole, area: areaOf(hole) }));
  // Array sort is stable, like the sort of Python in CLAM. So holes of equal size keep the order that CLAM gives them.
  const largest = measured.sort((a, b) => b.area - a.area).slice(0, most);
  return largest.filter(({ area }) => area > above).map(({ hole }) => hole);
}

/**
 * The outlines that are tissue, each with its kept holes (method.md 3.1, steps 7 and 8). A piece or hole whose area
 * equals its limit is left out.
 */
export function selectTissue(
  outlines: readonly Outline[],
  settings: Pick<TissueSettings, 'minArea' | 'minHoleArea' | 'maxHoles'>,
  downsample: readonly [number, number],
): readonly Outline[] {
  const limits = areaLimits(settings, downsample);
  return outlines
    .filter((outline) => {
      const area = netArea(outline);
      return area !== 0 && area > limits.tissue;
    })
    .map(({ outer, holes }) => ({ outer, holes: largestHoles(holes, settings.maxHoles, limits.hole) }));
}
