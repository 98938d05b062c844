import { HafError } from '../../pipeline/core/errors.js';
import type { Artifact } from '../../pipeline/stage.js';
import { modalityOf } from '../cohort/cohort-data.js';
import { bagIndexFile, bagIndexSchema, type BagIndex } from '../features/bag-index.js';
import type { Bundle, BundleModality } from './bundle-data.js';

type BagModality = Extract<BundleModality, { kind: 'bag' }>;

/** Two scales (micrometres per pixel) count as the same magnification if their ratio is at most this. */
const mostScaleRatio = 1.1;

/**
 * Checks that instances of new patients have the encoder, width and scale of the training, as far as the files state them.
 *
 * @throws HafError HAF_BUNDLE_UNFIT naming the modality, the file, its value and the value of the training
 */
export function assertBags({ modalities }: Bundle, embeds: readonly Artifact[]): void {
  for (const artifact of embeds) {
    const modality = modalities.find(({ id }) => id === modalityOf(artifact));
    if (modality?.kind !== 'bag') continue;
    const file = artifact.unit.file ?? `the images of patient ${artifact.unit.patient ?? ''}`;
    const difference = differenceOf(modality, artifact.json(bagIndexFile, bagIndexSchema));
    if (difference !== null)
      throw new HafError(
        'HAF_BUNDLE_UNFIT',
        `${modality.id}: ${file} ${difference}.`,
        `Make the features in the same way as those of the training, or leave ${modality.id} out of the cohort file: the model then predicts without it.`,
        { context: { modality: modality.id, file } },
      );
  }
}

function differenceOf({ width, encoders, mpp }: BagModality, index: BagIndex): string | null {
  if (index.width !== width)
    return `has instances of ${index.width} numbers, and the model was trained on ${width}`;
  if (index.encoder !== null && encoders.length > 0 && !encoders.includes(index.encoder))
    return `was made by the encoder "${index.encoder}", and the model was trained on "${encoders.join('", "')}"`;
  const scale = index.bags
    .flatMap((bag) => bag.mpp ?? [])
    .find((one) => mpp.length > 0 && !mpp.some((known) => near(one, known)));
  return scale === undefined
    ? null
    : `was made at ${scale} micrometres per pixel, and the model was trained on ${mpp.join(', ')}`;
}

const near = (a: number, b: number): boolean => Math.max(a, b) / Math.min(a, b) <= mostScaleRatio;
