import { listedFirst } from '../../pipeline/core/wording.js';
import { quotable } from './said-size.js';
import { isAlmostSquare, isSquare } from './slide-physics.js';
import type { SlideMpp, SlideScene, SlideWarning } from './slide-reader.js';

export interface OtherImages {
  readonly notes: readonly string[];
  readonly warnings: readonly SlideWarning[];
}

const describe = ({ width, height, name }: SlideScene): string =>
  `${width} x ${height} pixels${name === '' ? '' : ` ("${quotable(name)}")`}`;

/** The images of the file that are not read. An overview causes a note, any other image a warning. */
export function otherImages(others: readonly SlideScene[]): OtherImages {
  const texts = (wanted: SlideScene['kind']): readonly string[] =>
    others.filter(({ kind }) => kind === wanted).map(describe);
  const [pictures, strips, scenes] = [texts('overview'), texts('strips'), texts('scene')];
  const unread = (images: readonly string[]): string =>
    `it holds ${images.length === 1 ? 'another image that is' : `${images.length} other images that are`} not read: ${listedFirst(images, mostListed)}`;
  return {
    notes:
      pictures.length === 0
        ? []
        : [`it holds an overview that is not read: ${listedFirst(pictures, mostListed)}`],
    warnings: [
      ...(scenes.length === 0
        ? []
        : [
            {
              ...({ severity: 'warning', settledBy: 'scene', reason: unread(scenes) } as const),
              fix: `If it shows tissue of the patient, set tile.scene to its number, which "haf-pipeline inspect FILE" shows, or to all.`,
            },
          ]),
      ...(strips.length === 0
        ? []
        : [
            {
              ...({ severity: 'warning', reason: unread(strips) } as const),
              fix: 'Nothing needs to be done if it is a label or a thumbnail. If it shows tissue, set tile.scene to its number, which "haf-pipeline inspect FILE" shows.',
            },
          ]),
    ],
  };
}

const mostListed = 5;

/** @param refuted the colours that PhotometricInterpretation states, if the JPEG stream contradicts them; or null */
export function retaggedWarning(refuted: 'RGB' | 'YCbCr' | null): readonly SlideWarning[] {
  if (refuted === null) return [];
  const stream = refuted === 'RGB' ? 'YCbCr' : 'RGB';
  return [
    {
      severity: 'warning',
      reason: `its tag PhotometricInterpretation says ${refuted}, its JPEG stream ${stream}; it is read as ${stream}`,
      fix: 'Compare its thumbnail with the slide in your viewer. If the colours are right, nothing needs to be done.',
    },
  ];
}

/** @param mixed whether tiles of one image have different colours */
export const mixedWarning = (mixed: boolean): readonly SlideWarning[] =>
  mixed
    ? [
        {
          severity: 'warning',
          reason: 'some of its JPEG tiles are RGB, others YCbCr; each tile is read as its own JPEG data say',
          fix: 'Compare its thumbnail with the slide in your viewer: tiles of two files may have been put together.',
        },
      ]
    : [];

const useTable =
  'Put the size of a pixel into the column mpp of the slide table (slideTable of the modality)';

/** @param said the file's text about the pixel size; the message quotes it */
export const notUnderstood = (said: string): string =>
  `what it says about the size of a pixel is not understood, or not plausible for a microscope (${said})`;

/** Six significant digits. Further digits come from how a file stores numbers, not from a measurement. */
const digits = (side: number): number => Number(side.toPrecision(6));
const sizeText = ({ x, y, source }: SlideMpp): string => `${digits(x)} x ${digits(y)} um (${source})`;

/** Warnings about the pixel size: odd values, and text that could not be used. */
export function sizeWarnings(mpp: SlideMpp | null, unused: string | null): readonly SlideWarning[] {
  const warnings: SlideWarning[] = [];
  if (unused !== null)
    warnings.push({
      severity: 'warning',
      reason: notUnderstood(unused) + (mpp === null ? '' : `; ${mpp.source} is used`),
      fix: `${useTable}.`,
      settledBy: 'mpp',
    });
  if (mpp !== null && !isSquare(mpp))
    // Without square pixels an encoder would see the tissue stretched.
    warnings.push({
      severity: 'failure',
      reason: `its pixels are not square: ${sizeText(mpp)}`,
      fix: `Scale the image so that its pixels are square. ${useTable} if the file states a wrong size.`,
      settledBy: 'mpp',
    });
  else if (mpp !== null && !isAlmostSquare(mpp))
    warnings.push({
      severity: 'warning',
      reason: `its pixels are not quite square: ${sizeText(mpp)}`,
      fix: `The mean is used: nothing needs to be done if the scanner makes such pixels. ${useTable} if the file states a wrong size.`,
      settledBy: 'mpp',
    });
  return warnings;
}
