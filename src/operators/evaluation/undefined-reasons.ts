import type { OutcomeWords } from '../cohort/cohort-data.js';
import type { Label } from '../stats/labels.js';
import { listed } from '../../pipeline/core/wording.js';

/** The names of the two outcomes in tables and notes. */
export type ClassWords = Pick<OutcomeWords, 'positive' | 'negative'>;

/** The default names, if the experiment gives no others. */
export const plainWords: ClassWords = { positive: 'positive', negative: 'negative' };

/** Minimum number of patients of each outcome: DeLong's variance divides by the number of patients minus one. */
const fewest = 2;

/** Why an AUC, or its interval, is undefined for patients with these labels. */
export function tooFew(labels: readonly Label[], words: ClassWords): string {
  const positive = labels.filter((label) => label === 1).length;
  const counts = `${positive} ${words.positive}, ${labels.length - positive} ${words.negative}`;
  return Math.min(positive, labels.length - positive) === 0
    ? `Patients of one outcome only (${counts}): an AUC needs both.`
    : `Fewer than two patients of one outcome (${counts}): DeLong's variance is not defined.`;
}

/** Patients whose scores are ranked together, and the number of their fold for messages. */
export interface RankedGroup {
  readonly labels: readonly Label[];
  /** Number of the fold. Null if all patients are ranked together. */
  readonly fold: number | null;
}

/** Which groups DeLong's test leaves out because they have fewer than two patients of an outcome. Null if it uses all groups. */
export function delongReason(groups: readonly RankedGroup[], words: ClassWords): string | null {
  const few = groups.filter(({ labels }) => {
    const positive = labels.filter((label) => label === 1).length;
    return Math.min(positive, labels.length - positive) < fewest;
  });
  const [first] = few;
  if (first === undefined) return null;
  if (first.fold === null) return tooFew(first.labels, words);
  const folds = few.map(({ fold }) => String(fold));
  const lacking = lackingOutcome(few, words);
  const place = `${folds.length === 1 ? 'fold' : 'folds'} ${listed(folds)}`;
  return few.length === groups.length
    ? `Fewer than two ${lacking} patients in ${place}, so DeLong's variance is not defined; use stats.pooling: pooled.`
    : `Fewer than two ${lacking} patients in ${place}: DeLong's test leaves ${folds.length === 1 ? 'it' : 'them'} out.`;
}

function lackingOutcome(groups: readonly RankedGroup[], { positive, negative }: ClassWords): string {
  const lacks = (label: Label): boolean =>
    groups.some(({ labels }) => labels.filter((one) => one === label).length < fewest);
  return [...(lacks(1) ? [positive] : []), ...(lacks(0) ? [negative] : [])].join(' or ');
}

/**
 * Why McNemar's test is undefined: it uses only patients for whom one method is right and the other wrong (discordant
 * pairs), and there are none.
 */
export const noDiscordantPair =
  'Both methods are right for the same patients and wrong for the same patients: there is no discordant pair to test.';

/**
 * Why DeLong's test is undefined: its statistic divides by the standard deviation of the difference, which is 0 here.
 */
export const noVariance = (difference: number): string =>
  difference === 0
    ? 'Both methods rank the patients alike: the difference has no variance, so there is nothing to test.'
    : 'The difference of the AUCs has no variance, so the test is not defined.';
