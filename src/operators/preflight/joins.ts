import { nearest } from '../../pipeline/core/suggest.js';
import type { Stranger } from '../../pipeline/core/stranger.js';
import type { ModalityId, ModalityKind } from '../../pipeline/core/modality.js';

/** How the ids of one modality meet those of the outcome table. */
export interface Join {
  readonly modality: ModalityId;
  readonly kind: ModalityKind;
  /** Glob or file names, as the experiment gives them. */
  readonly place: string;
  readonly files: number;
  /** Patients with a row, or with at least one file. */
  readonly patients: number;
  /** Patients of these with a known outcome. */
  readonly matched: number;
  /** Examples of the others. */
  readonly unmatched: readonly Stranger[];
  /** Patients with an outcome who do not have the modality, and examples of them. */
  readonly without: number;
  readonly lacking: readonly Stranger[];
}

/** How many examples of each side are shown. */
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
