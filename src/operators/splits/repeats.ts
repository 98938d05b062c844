import type { Config } from '../../pipeline/config/schema.js';

export type Counts = Pick<Config['cv'], 'folds' | 'repeats'>;

/** Folds are numbered through over the repeats: fold k belongs to repeat floor(k / cv.folds). */
export const repeatOf = (fold: number, { folds }: Counts): number => Math.floor(fold / folds);

/** What messages call a fold: `fold 3`, with several repeats `fold 13 (repeat 1)`. */
export const foldName = (fold: number, cv: Counts): string =>
  cv.repeats === 1 ? `fold ${fold}` : `fold ${fold} (repeat ${repeatOf(fold, cv)})`;
