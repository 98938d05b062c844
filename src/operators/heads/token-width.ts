import { HafError } from '../../pipeline/core/errors.js';
import type { NetworkShape } from './autodiff-head.js';

/**
 * The common length of the tokens: the vectors, one for each modality, that a fusion method reads.
 *
 * @throws HafError HAF_CONFIG_INVALID if the lengths differ. A token has the length `fusion.projection` or, if it comes
 * from a transfer map, `align.width`
 */
export function commonWidth({ inputs, tokens }: Pick<NetworkShape, 'inputs' | 'tokens'>): number {
  const [width] = tokens;
  if (width !== undefined && tokens.every((other) => other === width)) return width;
  const lengths = inputs.map(({ modality }, m) => `${modality} ${tokens[m] ?? 0}`).join(', ');
  throw new HafError(
    'HAF_CONFIG_INVALID',
    `The method needs embeddings of one length, but they have: ${lengths}.`,
    'Give fusion.projection and align.width the same value.',
  );
}
