import type { IdColumn } from './id-columns.js';
import { isSplit } from './left-files.js';
import { outcomeCandidates, type OutcomeCandidate } from './outcome-columns.js';
import { countsOf, type SurveyTable } from './survey-table.js';
import type { KnownOutcome } from './table-draft.js';
import { timeCandidates, timeFor, type TimeCandidate } from './time-columns.js';

/** The chosen outcome, and the alternatives. */
export interface OutcomeDraft {
  readonly chosen: (OutcomeCandidate & { readonly time: TimeCandidate | null }) | null;
  readonly alternatives: readonly (OutcomeCandidate & { readonly time: TimeCandidate | null })[];
  readonly known: KnownOutcome;
}

/** Number of alternative outcomes that the experiment file shows. */
const mostAlternatives = 4;

/**
 * Chooses the most common outcome of all tables, with its time.
 *
 * @param ids - id columns of the tables with one row per patient
 * @param fallback - `ids`, and the id columns of tables that list files; these tables are searched only if no table in
 * `ids` has an outcome
 */
export function draftOutcome(
  ids: ReadonlyMap<SurveyTable, IdColumn>,
  fallback: ReadonlyMap<SurveyTable, IdColumn>,
): OutcomeDraft {
  const of = (some: ReadonlyMap<SurveyTable, IdColumn>): readonly OutcomeCandidate[] =>
    [...some.values()].flatMap(outcomeCandidates).sort((a, b) => a.rank - b.rank);
  const first = of(ids);
  const candidates = first.length > 0 ? first : of(fallback);
  const withTime = candidates.map((candidate) => ({
    ...candidate,
    time: timeFor(candidate.prefix, timeCandidates(candidate.id)),
  }));
  const [chosen = null, ...others] = withTime;
  const told = new Map<string, string>();
  for (const id of [...fallback.values()]) {
    for (const { column } of timeCandidates(id))
      told.set(column, 'a time of follow-up, which tells the outcome');
    id.table.columns.slice(0, columnsLookedAt).forEach((column, at) => {
      if (isSplit([...countsOf(id.table.texts(at)).keys()]))
        told.set(column, 'a split into training and test');
    });
  }
  for (const { column } of candidates) told.set(column, 'may be an outcome, which is never an input');
  return { chosen, alternatives: others.slice(0, mostAlternatives), known: knownOf(chosen, told) };
}

const columnsLookedAt = 200;

function knownOf(chosen: OutcomeDraft['chosen'], told: ReadonlyMap<string, string>): KnownOutcome {
  if (chosen === null) return { labels: new Map(), patients: new Set(), columns: [], told };
  const { table, id, column, positive, negative, time } = chosen;
  const values = table.texts(table.columns.indexOf(column));
  const labels = new Map<string, 0 | 1>();
  id.ids.forEach((patient, row) => {
    const value = values[row] ?? '';
    if (positive.includes(value)) labels.set(patient, 1);
    else if (negative.includes(value)) labels.set(patient, 0);
  });
  return {
    labels,
    patients: new Set(id.ids),
    columns: [column, ...(time === null ? [] : [time.column])],
    told,
  };
}
