import type { Config } from '../../pipeline/config/schema.js';

export type Counts = Pick<Config['cv'], 'folds' | 'repeats'>;

/** Folds are numbered consecutively over the repeats: fold k belongs to repeat floor(k / cv.folds). */
export const repeatOfFold = (fold: number, { folds }: Counts): number => Math.floor(fold / folds);

/** The name of a fold in messages: `fold 3`, with several repeats `fold 13 (repeat 1)`, with groups `fold 3 ("Berlin")`. */
export function foldName(fold: number, cv: Counts, group?: string): string {
  const facts = [
    ...(cv.repeats === 1 ? [] : [`repeat ${repeatOfFold(fold, cv)}`]),
    ...(group === undefined ? [] : [`"${group}"`]),
  ];
  return facts.length === 0 ? `fold ${fold}` : `fold ${fold} (${facts.join(', ')})`;
}
