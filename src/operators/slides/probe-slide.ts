import { HafError, isMachineFault } from '../../pipeline/core/errors.js';
import { openSlide } from './open-slide.js';
import { pastDamage } from './past-damage.js';
import { slideReaderOf } from './reader-of.js';
import type { SlideInfo, SlideLevel } from './slide-reader.js';

export type SlideProbe =
  | { readonly readable: true; readonly info: SlideInfo }
  | { readonly readable: false; readonly reason: string; readonly fix: string };

const sidePx = 64;

/**
 * Opens a slide and reads a few pixels from the middle of every level, because files often have correct tags and
 * damaged data.
 *
 * @param by the result of `slideReaderOf`, if it is known already
 */
export async function probeSlide(path: string, by?: 'openslide' | null): Promise<SlideProbe> {
  try {
    const reader = pastDamage(await openSlide(path, by === undefined ? await slideReaderOf(path) : by), 0);
    try {
      for (const [level, { width, height }] of reader.info.levels.entries())
        await reader.read(level, middleOf({ width, height }));
      const { info } = reader;
      return { readable: true, info: { ...info, warnings: [...info.warnings, ...reader.damage()] } };
    } finally {
      await reader.close();
    }
  } catch (thrown) {
    if (isMachineFault(thrown)) throw thrown;
    const { what, fix, context } = HafError.from(thrown);
    const { reason } = context;
    return { readable: false, reason: (typeof reason === 'string' ? reason : what).replace(/\.$/, ''), fix };
  }
}

const middleOf = ({ width, height }: Pick<SlideLevel, 'width' | 'height'>) => ({
  x: Math.max(0, (width - sidePx) >> 1),
  y: Math.max(0, (height - sidePx) >> 1),
  width: Math.min(sidePx, width),
  height: Math.min(sidePx, height),
});
