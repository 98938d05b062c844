import { nearest } from '../../pipeline/core/suggest.js';
import type { Stranger } from '../../pipeline/core/stranger.js';
import type { ModalityId, ModalityKind } from '../../pipeline/core/modality.js';

/** How the ids of one modality match those of the outcome table. */
export interface Join {
  readonly modality: ModalityId;
  readonly kind: ModalityKind;
  /** Glob or names of the files of the modality, as the experiment declares them. */
  readonly place: string;
  readonly files: number;
  /** Number of patients with a row, or with at least one file. */
  readonly patients: number;
  /** Number of these patients with a known outcome. */
  readonly matched: number;
  /** Examples of patients without a known outcome. */
  readonly unmatched: readonly Stranger[];
  /** Number of patients with an outcome that lack the modality, and examples of them. */
  readonly without: number;
  readonly lacking: readonly Stranger[];
}

/** Maximum number of examples of patients without an outcome, and of patients without the modality. */
const shown = 3;

/** Compares the patients of a modality with those of the outcome table. */
export function joinOf(
  about: Pick<Join, 'modality' | 'kind' | 'place' | 'files'>,
  ids: ReadonlySet<string>,
  labelled: ReadonlySet<string>,
): Join {
  const [here, there] = [[...ids], [...labelled]];
  const unmatched = here.filter((id) => !labelled.has(id));
  const lacking = there.filter((id) => !ids.has(id));
  const strangers = (some: readonly string[], others: readonly string[]): readonly Stranger[] =>
    some.slice(0, shown).map((id) => ({ id, closest: nearest(id, others) }));
  return {
    ...about,
    patients: here.length,
    matched: here.length - unmatched.length,
    unmatched: strangers(unmatched, lacking),
    without: lacking.length,
    lacking: strangers(lacking, unmatched),
  };
}
