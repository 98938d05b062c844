import { fittingName } from '../../pipeline/core/file-name.js';
import type { AttendedImage } from './attended-images.js';
import type { RankedAttention } from './attention-ranks.js';
import { usualStep } from './usual-step.js';

/** Maximum number of features per file. QuPath becomes slow with larger files. */
const mostFeatures = 50_000;

type Corner = readonly [x: number, y: number];

/**
 * The tiles of each image with their attention as GeoJSON that QuPath opens: one detection per tile, in level-0 pixels, and the
 * tissue as locked annotations if it is known. An image with more than 50,000 features is split into numbered parts. An image without
 * coordinates in pixels gets no file.
 *
 * @param ranked the attention of all instances of the bag
 * @returns the name of each file relative to the folder of the patient, and its content
 */
export function qupathFiles(
  images: readonly AttendedImage[],
  ranked: RankedAttention,
): readonly (readonly [file: string, content: Uint8Array])[] {
  const taken = new Set<string>();
  return images.flatMap((image) => {
    const tiles = detectionsOf(image, ranked);
    if (tiles.length === 0) return [];
    const features = [...annotationsOf(image), ...tiles];
    const parts = Math.ceil(features.length / mostFeatures);
    return Array.from({ length: parts }, (_, part) => {
      const own = features.slice(part * mostFeatures, (part + 1) * mostFeatures);
      const ending = parts === 1 ? '.geojson' : `.part${part + 1}.geojson`;
      const content = { type: 'FeatureCollection', tiles: factsOf(image), features: own };
      return [freeName(image, ending, taken), new TextEncoder().encode(JSON.stringify(content))] as const;
    });
  });
}

/** Images whose tiles have no position in pixels: coordinates in micrometres do not say the size of a level-0 pixel. */
export const withoutPixels = (images: readonly AttendedImage[]): readonly string[] =>
  images.flatMap(({ coords, rows, image }) => (coords?.unit === 'um' && rows > 0 ? [image] : []));

const sideOf = ({ values, side }: NonNullable<AttendedImage['coords']>): number =>
  Math.max(1, Math.round(side ?? usualStep(values)));

/** Facts about the image for people who read the GeoJSON file. QuPath ignores them. */
const factsOf = ({ image, source, coords, tiling }: AttendedImage): object => ({
  ...{
    image,
    source,
    ...(tiling?.scene === undefined ? {} : { scene: tiling.scene }),
    unit: 'level-0 pixels',
  },
  coordinates: tiling === null ? 'as in the feature file' : 'from the corner of the image',
  side: coords?.side === null ? 'unknown: the usual distance of neighbours was taken' : 'known',
});

function detectionsOf(
  { start, rows, coords, tiling }: AttendedImage,
  { scores, attention, percentile }: RankedAttention,
): readonly object[] {
  if (coords?.unit !== 'px') return [];
  const side = sideOf(coords);
  const { x: left, y: top } = tiling?.corner ?? { x: 0, y: 0 };
  const [width, height] = tiling?.whole === true ? [tiling.width, tiling.height] : [side, side];
  return Array.from({ length: rows }, (_, row) => {
    const corner = [
      left + Math.round(at(coords.values, 2 * row)),
      top + Math.round(at(coords.values, 2 * row + 1)),
    ] as const;
    const measured = {
      'attention score': rounded(at(scores, start + row), 7),
      attention: rounded(at(attention, start + row), 7),
      'attention percentile': rounded(at(percentile, start + row), 5),
    };
    return {
      type: 'Feature',
      geometry: { type: 'Polygon', coordinates: [rectangle(corner, width, height)] },
      properties: {
        objectType: 'detection',
        // The row of the instance in its image: the column `row` of the CSV table of the patient.
        name: `${row}`,
        // An infinite score, which means no attention, is left out, because JSON has no infinity.
        measurements: Object.fromEntries(
          Object.entries(measured).filter(([, value]) => Number.isFinite(value)),
        ),
      },
    };
  });
}

const at = (values: Float32Array | Float64Array, index: number): number => values[index] as number;

/** Rounds to `digits` significant digits. A float32 has only seven, and further digits would make the files larger. */
const rounded = (value: number, digits: number): number => Number(value.toPrecision(digits));

const rectangle = ([x, y]: Corner, width: number, height: number): readonly Corner[] => [
  [x, y],
  [x + width, y],
  [x + width, y + height],
  [x, y + height],
  [x, y],
];

/** The tissue contours as locked annotations, so that a click in QuPath does not move them. */
const annotationsOf = ({ tiling }: AttendedImage): readonly object[] =>
  (tiling?.tissue()?.features ?? []).map(({ properties, ...feature }) => ({
    ...feature,
    properties: { ...properties, isLocked: true },
  }));

/**
 * A file name that is valid on every file system and unique for the patient. The name of the image cannot be used
 * unchanged: if the image is an array of an npz file, its name may contain a slash.
 */
function freeName({ image }: AttendedImage, ending: string, taken: Set<string>): string {
  const stem = image.replace(/[%/\\<>:"|?*\u0000-\u001f\u007f]/g, (character) => encoded(character));
  for (let again = 1; ; again++) {
    const name = fittingName(`${stem}${again === 1 ? '' : ` (${again})`}${ending}`);
    if (taken.has(name.toLowerCase())) continue;
    taken.add(name.toLowerCase());
    return name;
  }
}

const encoded = (character: string): string =>
  `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
