import type { Config } from '../../pipeline/config/schema.js';
import type { Rng } from '../../pipeline/core/rng.js';
import { brierScore } from '../stats/brier.js';
import { classify } from '../stats/classification.js';
import { dividingColumns, missingGroup, type DividingColumn } from '../subgroups/subgroup-columns.js';
import type { TypedTable } from '../tables/typed-table.js';
import { concordanceWithInterval } from './concordance-interval.js';
import type { MethodResults } from './method-results.js';
import { pooledAucOf } from './pooled.js';
import { modalitiesVariable, type Subgroup, type SubgroupVariable } from './subgroup-data.js';
import { testedOf, type SurvivalResults } from './survival-results.js';
import type { ClassWords } from './undefined-reasons.js';

/** The data about patients that define groups: tables, and which modalities each patient has. */
export interface KnownOfPatients {
  readonly tables: ReadonlyMap<string, TypedTable>;
  /** The modalities that a patient has. Null if they are not known. */
  readonly modalitiesOf: ((patient: string) => readonly string[]) | null;
}

type Settings = Pick<Config, 'data' | 'stats'>;
type Scores = Subgroup['methods'][number];

/** The functions that score a group of tested patients, for one kind of outcome. */
interface Judge {
  /** The value of each tested patient: 1 for the positive outcome or the event, else 0. */
  readonly tested: ReadonlyMap<string, 0 | 1>;
  readonly scoresOf: (variable: string, group: string, members: ReadonlySet<string>) => readonly Scores[];
}

/** Scores the pooled test predictions of a binary outcome in each group (method.md 9.8). */
export function subgroupsOf(
  results: readonly MethodResults[],
  known: KnownOfPatients,
  config: Settings,
  words: ClassWords,
): SubgroupVariable[] {
  const [first] = results;
  if (first === undefined) return [];
  const { patients, labels } = first.pooled;
  return divided(known, config, {
    tested: new Map(patients.map((id, i) => [id, labels[i] as 0 | 1])),
    scoresOf: (_variable, _group, members) =>
      results.map(({ method: { id, title }, pooled }) => {
        const rows = pooled.patients.flatMap((patient, i) => (members.has(patient) ? [i] : []));
        const own = {
          patients: rows.map((i) => pooled.patients[i] as string),
          labels: rows.map((i) => pooled.labels[i] as 0 | 1),
          scores: rows.map((i) => pooled.scores[i] as number),
          probabilities: rows.map((i) => pooled.probabilities[i] as number),
        };
        return {
          ...{ method: id, title, score: pooledAucOf(own, words) },
          accuracy: classify(own.labels, own.probabilities).accuracy,
          brier: brierScore(own.labels, own.probabilities),
        };
      }),
  });
}

/** Scores the test predictions of a time-to-event outcome in each group, by C within folds (method.md 9.8). */
export function subgroupsInTime(
  results: readonly SurvivalResults[],
  known: KnownOfPatients,
  config: Settings,
  rng: (purpose: string) => Rng,
): SubgroupVariable[] {
  const tested = results.map((one) => ({ method: one.method, patients: testedOf(one) }));
  const [first] = tested;
  if (first === undefined) return [];
  return divided(known, config, {
    tested: new Map(first.patients.map(({ patient, event }) => [patient, event])),
    scoresOf: (variable, group, members) =>
      tested.map(({ method: { id, title }, patients }) => ({
        ...{ method: id, title, accuracy: null, brier: null },
        score: concordanceWithInterval(
          patients.filter(({ patient }) => members.has(patient)),
          config.stats.bootstrap,
          rng(`subgroup/${id}/${variable}/${group}`),
        ),
      })),
  });
}

function divided(
  { tables, modalitiesOf }: KnownOfPatients,
  config: Settings,
  judge: Judge,
): SubgroupVariable[] {
  const ids = [...judge.tested.keys()];
  const columns: readonly DividingColumn[] = [
    ...dividingColumns(config, tables),
    ...(modalitiesOf === null ? [] : [patterns(ids, modalitiesOf)]),
  ];
  return columns.map(({ variable, groups, groupOf }) => ({
    variable,
    groups: groups.flatMap((group) => {
      const members = new Set(ids.filter((id) => (groupOf.get(id) ?? missingGroup) === group));
      return members.size === 0 ? [] : [oneGroup(variable, group, members, config, judge)];
    }),
  }));
}

/** Groups the tested patients by the set of modalities that they have. The most frequent set comes first. */
function patterns(
  ids: readonly string[],
  modalitiesOf: (patient: string) => readonly string[],
): DividingColumn {
  const groupOf = new Map(ids.map((id) => [id, modalitiesOf(id).join(' + ') || 'none']));
  const counts = new Map<string, number>();
  for (const group of groupOf.values()) counts.set(group, (counts.get(group) ?? 0) + 1);
  const groups = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([group]) => group);
  return { variable: modalitiesVariable, groups, groupOf };
}

function oneGroup(
  variable: string,
  group: string,
  members: ReadonlySet<string>,
  { stats }: Settings,
  judge: Judge,
): Subgroup {
  const patients = members.size;
  const events = [...members].filter((id) => judge.tested.get(id) === 1).length;
  const suppressed =
    patients < stats.smallestGroup
      ? `fewer than ${stats.smallestGroup} patients`
      : events === 0 || events === patients
        ? 'one outcome only'
        : null;
  return {
    ...{ group, patients, suppressed },
    events: suppressed === null ? events : null,
    methods: suppressed === null ? [...judge.scoresOf(variable, group, members)] : [],
  };
}
