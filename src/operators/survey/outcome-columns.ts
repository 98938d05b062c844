import { quoted } from '../../pipeline/core/wording.js';
import { countsOf, type SurveyTable } from './survey-table.js';
import type { IdColumn } from './id-columns.js';
import { endpoints, meaningOf, tellsOfDeath } from './outcome-words.js';

/** A column that may be the outcome, with the most likely meaning of its values. */
export interface OutcomeCandidate {
  readonly table: SurveyTable;
  readonly id: IdColumn;
  readonly column: string;
  readonly positive: readonly string[];
  readonly negative: readonly string[];
  /** Values that are neither in `positive` nor in `negative`. Their patients are left out. */
  readonly others: readonly string[];
  /** Number of patients with the event, and without it. */
  readonly events: number;
  readonly without: number;
  /** Why `positive` is taken as the event, as a sentence. */
  readonly because: string;
  /** False if no word says which value is the event. */
  readonly sure: boolean;
  /**
   * Priority: 0 for survival, then other named events, recurrence, general words, and last a guess by the values
   * alone.
   */
  readonly rank: number;
  /** The prefix that the name shares with the column of the time to this event: `OS` of OS_STATUS. Null without one. */
  readonly prefix: string | null;
}

const survival = new RegExp(`^(${endpoints})(?=$|[^a-z])`, 'i');

/** Names of outcome columns, the most common outcome first. */
const names: readonly RegExp[] = [
  /^(vital|survival|living|life)[ _.-]?status$|(^|[^a-z])(death|dead|deceased|died)([^a-z]|$)|^os([ _.-](status|event|censor\w*))?$|^alive$/i,
  /^(pfs|dfs|dss|rfs|efs|mfs|dmfs|lrfs|ttp|ttr|css|pfi|dfi)([ _.-]?(status|event|censor\w*))?$/i,
  /(^|[^a-z])(recurrence|recurred|relapse|relapsed|progression|progressed|bcr|biochemical[ _.-]?recurrence)([^a-z]|$)/i,
  /^(status|event|outcome|label|target|class|censor\w*|cens|response|responder|endpoint|y)$|[ _.-](event|endpoint)$/i,
];
/** A column name with one of these words names no outcome: it means days, a cause, or a finding at diagnosis. */
const otherwise = /days|months?|years?|time|date|cause|at diagnosis|score|site|type/i;
const mostValues = 6;
const fewestOfEach = 2;

/**
 * The columns of a table that may be the outcome, by name and values. They have two values, or several values with
 * known words for both outcomes among them. The best candidate comes first.
 */
export function outcomeCandidates(id: IdColumn): readonly OutcomeCandidate[] {
  const { table } = id;
  return table.columns
    .flatMap((column, at) => {
      const rank = otherwise.test(column) ? -1 : names.findIndex((name) => name.test(column));
      if (at === id.column || (rank < 0 && table.columns.length > widest)) return [];
      const candidate = candidateOf(id, at, rank < 0 ? names.length : rank);
      return candidate === null ? [] : [candidate];
    })
    .sort((a, b) => a.rank - b.rank);
}

/** Number of columns above which columns are selected by name only. */
const widest = 200;

function candidateOf(id: IdColumn, at: number, rank: number): OutcomeCandidate | null {
  const { table } = id;
  const column = table.columns[at] ?? '';
  const counts = countsOf(table.texts(at));
  const values = [...counts.keys()];
  if (values.length < 2 || values.length > mostValues) return null;
  if (rank === names.length && (values.length > 2 || !values.every(tellsOfDeath))) return null;
  const groups = groupsOf(column, counts);
  if (groups === null) return null;
  const total = (some: readonly string[]): number =>
    some.reduce((sum, value) => sum + (counts.get(value) ?? 0), 0);
  const [events, without] = [total(groups.positive), total(groups.negative)];
  if (events < fewestOfEach || without < fewestOfEach) return null;
  const prefix = survival.exec(column)?.[1]?.toUpperCase() ?? null;
  return { table, id, column, ...groups, events, without, rank, prefix };
}

type Groups = Pick<OutcomeCandidate, 'positive' | 'negative' | 'others' | 'because' | 'sure'>;

const inOrder = (values: readonly string[]): readonly string[] =>
  [...values].sort((a, b) => (a < b ? -1 : 1));

function groupsOf(column: string, counts: ReadonlyMap<string, number>): Groups | null {
  const values = [...counts.keys()];
  const positive = inOrder(values.filter((value) => meaningOf(value) === 'positive'));
  const negative = inOrder(values.filter((value) => meaningOf(value) === 'negative'));
  const others = inOrder(values.filter((value) => meaningOf(value) === null));
  if (
    /censor|^cens$|^alive$|living/i.test(column) &&
    positive.length === 1 &&
    negative.length === 1 &&
    isPlain(values)
  )
    return {
      ...{ positive: negative, negative: positive, others, sure: true },
      because: `The column is called "${column}", so ${quoted(negative)} means the event.`,
    };
  // With known words for both outcomes, the other values may be unknown. Otherwise only a column of two values can be
  // an outcome.
  if (positive.length > 0 && negative.length > 0)
    return { positive, negative, others, sure: true, because: `The value ${quoted(positive)} says so.` };
  if (values.length !== 2) return null;
  if (inOrder(values).join() === '1,2')
    return {
      ...{ positive: ['2'], negative: ['1'], others: [], sure: false },
      because: 'This is a guess: with codes 1 and 2, the survival package of R takes 2 as the event.',
    };
  if (positive.length === 1)
    return {
      positive,
      negative: others,
      others: [],
      sure: true,
      because: `The value ${quoted(positive)} says so.`,
    };
  if (negative.length === 1)
    return {
      positive: others,
      negative,
      others: [],
      sure: true,
      because: `The value ${quoted(negative)} means no event.`,
    };
  const [most = '', least = ''] = values;
  return {
    ...{ positive: [least], negative: [most], others: [], sure: false },
    because: `This is a guess: no word says which value means the event, so the rarer one was taken.`,
  };
}

/**
 * Whether the values are only codes, or yes and no. In a column such as `alive` or `censored`, 1 and yes mean that the
 * event did not happen.
 */
const isPlain = (values: readonly string[]): boolean =>
  values.every((value) => /^(0|1|yes|no|true|false|y|n)$/i.test(value));
