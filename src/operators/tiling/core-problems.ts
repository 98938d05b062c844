import type { Problem } from '../../pipeline/core/problem.js';
import { stains } from '../../pipeline/core/hancock-names.js';
import { problemOf } from './image-tiles.js';
import type { TiledImage } from './tiles-data.js';

type Core = Omit<TiledImage, 'start'>;

/** A core is reported if its longer side differs by more than this factor from the median of the patient's cores. */
const farFromOthers = 2;
/** Maximum ratio of the longer to the shorter side: a core is about round. */
const mostAspect = 1.5;
/** EXIF orientation of an upright image. */
const upright = 1;

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

const sideOf = ({ image }: Core): number => Math.max(image?.width ?? 0, image?.height ?? 0);

/** Problems of cores that are far larger or smaller than the patient's other cores, and of cores far from square. */
export function shapeProblems(cores: readonly Core[]): readonly Problem[] {
  const opened = cores.filter(({ image }) => image !== null);
  const usual = medianOf(opened.map(sideOf));
  return opened.flatMap((core) => {
    const { width, height } = core.image as NonNullable<Core['image']>;
    const factor = Math.max(sideOf(core) / usual, usual / sideOf(core));
    const aspect = Math.max(width / height, height / width);
    const size = `${width} x ${height} pixels`;
    return [
      ...(factor > farFromOthers
        ? [
            problemOf(
              core,
              'warning',
              `it has ${size}, the patient's cores usually ${usual}`,
              'Check whether it was exported at another magnification; its tiles show another scale.',
            ),
          ]
        : []),
      ...(aspect > mostAspect
        ? [
            problemOf(
              core,
              'warning',
              `it has ${size}, but a core is about round`,
              'Check whether it was cut off or holds two cores.',
            ),
          ]
        : []),
    ];
  });
}

/** A problem of an image whose EXIF data ask a viewer to rotate it. */
export const rotationProblems = (core: Core, orientation: number | undefined): readonly Problem[] =>
  orientation === undefined || orientation === upright
    ? []
    : [
        problemOf(
          core,
          'warning',
          `its EXIF orientation is ${orientation}: viewers rotate it, but its pixels are read as stored`,
          'Save it upright, without EXIF orientation, if the direction matters.',
        ),
      ];

const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

/** One problem that names those of the eight stains for which a patient has no core (method.md 2.6). */
export function stainProblems(patient: string | undefined, cores: readonly Core[]): readonly Problem[] {
  if (patient === undefined) return [];
  const missing = stains.filter((stain) => !cores.some(({ source }) => source === stain));
  if (missing.length === 0) return [];
  return [
    {
      severity: 'info',
      stage: 'tile',
      patient,
      file: null,
      place: null,
      reason: `has no ${listed(missing)} core`,
      fix: 'Nothing needs to be done if these cores were never made. The bag of the patient then has no rows of these stains.',
    },
  ];
}
