import { encoderPreset } from '../../pipeline/core/encoder-presets.js';
import type { Problem } from '../../pipeline/core/problem.js';
import type { StageContext } from '../../pipeline/stage.js';
import { encoderKeys } from './encoder-keys.js';
import type { EncodableImage } from './tiled-images.js';

/**
 * Largest relative difference of two scales of the same magnification: scanners label 0.46 to 0.55 um per pixel as 20x.
 */
const tolerance = 0.1;

/**
 * Warnings about images whose pixels, in the input of the model, are finer or coarser than the preset says. This can happen for tiles
 * of given coordinates, of cores, and of an experiment with its own `tile` settings. Images of unknown mpp cause no warning.
 */
export function scaleWarnings(
  images: readonly EncodableImage[],
  { unit, config }: Pick<StageContext, 'unit' | 'config'>,
): readonly Problem[] {
  if (unit.preset === undefined) return [];
  const { mpp, tileSize, inputSize } = encoderPreset(unit.preset);
  if (mpp === null || tileSize === null) return [];
  const theirs = (mpp * tileSize) / inputSize;
  const { side } = encoderKeys({ unit, config });
  return images.flatMap(({ tile, file, patient }) => {
    if (tile.mpp === null) return [];
    const ours = (tile.mpp * tile.sizePx) / side;
    if (Math.abs(ours / theirs - 1) <= tolerance) return [];
    return [
      {
        ...{ severity: 'warning', stage: 'embed', patient, file, place: null },
        reason:
          `its tiles have ${tile.sizePx} px at ${rounded(tile.mpp)} um per pixel; scaled to the ${side} px that the model takes: ${rounded(ours)} um per pixel. ` +
          `The preset ${unit.preset} expects ${tileSize} px at ${mpp} um per pixel; scaled to ${inputSize} px: ${rounded(theirs)} um per pixel.`,
        fix: `Tile with tile.mpp ${mpp} and tile.size ${tileSize}, unless the model was also trained on this magnification.`,
      } as const,
    ];
  });
}

const rounded = (mpp: number): string => String(Number(mpp.toPrecision(3)));
