import { posix } from 'node:path';
import { patientText } from '../../pipeline/core/patient-id.js';
import { stemOf } from '../../pipeline/core/file-name.js';

/** How names of files, or of arrays in files, give the patient. */
export type NamingRule =
  | { readonly by: 'whole' }
  | { readonly by: 'pattern'; readonly pattern: string }
  | { readonly by: 'table'; readonly table: string; readonly file: string; readonly id: string };

/** How well a rule matches the names. */
export interface RuleFit {
  readonly rule: NamingRule;
  /** Number of names for which the rule gives a known patient. */
  readonly known: number;
  /** Names for which the rule gives no patient. `up` refuses such files. */
  readonly silent: readonly string[];
  readonly patients: ReadonlySet<string>;
  /** Three names with their patients. */
  readonly examples: readonly (readonly [name: string, patient: string])[];
}

/** A table that says which patient a file belongs to. */
export interface PatientFileTable {
  readonly table: string;
  readonly file: string;
  readonly id: string;
  /** The patient of each file. File and patient are spelled as in the table. */
  readonly patientOf: ReadonlyMap<string, string>;
}

/** Minimum fraction of names for which a rule must give a known patient. */
const leastKnown = 0.5;
const shown = 3;

/**
 * The rule that gives a known patient for the most names. Of equally good rules, the simplest one is chosen: the whole
 * name, then a table, then a pattern. Null if every rule gives a known patient for fewer than half of the names.
 *
 * @param names - paths of files, or names of arrays
 * @param ids - ids of the tables
 * @param partOf - returns the part of a name that a rule reads: the whole name of an array, a file name without folder
 * and ending
 */
export function bestRule(
  names: readonly string[],
  ids: ReadonlySet<string>,
  tables: readonly PatientFileTable[],
  partOf: (name: string) => string = stemOf,
): RuleFit | null {
  const judge = (rule: NamingRule, patientOf: (part: string, name: string) => string | null): RuleFit =>
    fitOf(rule, names, ids, (name) => patientOf(partOf(name), name));
  const fits = [
    judge({ by: 'whole' }, patientText),
    ...tables.map(({ patientOf, ...rule }) =>
      judge(
        { by: 'table', ...rule },
        (stem, name) =>
          [name, posix.basename(name), stem]
            .map((text) => patientOf.get(text.normalize('NFC')))
            .find((id) => id !== undefined) ?? null,
      ),
    ),
    ...patternsFor(ids).map((pattern) => {
      const expression = new RegExp(pattern);
      return judge({ by: 'pattern', pattern }, (stem) =>
        patientText(expression.exec(stem)?.groups?.['patient'] ?? ''),
      );
    }),
  ];
  const best = fits.reduce((one, other) => (scoreOf(other) > scoreOf(one) ? other : one));
  return best.known >= leastKnown * names.length && best.known > 0 ? best : null;
}

/**
 * A name without a patient makes a run fail, so it counts against the rule. An unknown patient is only left out, so it
 * does not count against the rule.
 */
const scoreOf = ({ known, silent }: RuleFit): number => known - silent.length;

function fitOf(
  rule: NamingRule,
  names: readonly string[],
  ids: ReadonlySet<string>,
  patientOf: (name: string) => string | null,
): RuleFit {
  const silent: string[] = [];
  const patients = new Set<string>();
  const examples: (readonly [string, string])[] = [];
  let known = 0;
  for (const name of names) {
    const patient = patientOf(name);
    if (patient === null) silent.push(name);
    else {
      patients.add(patient);
      if (!ids.has(patient)) continue;
      known++;
      if (examples.length < shown) examples.push([name, patient]);
    }
  }
  return { rule, known, silent, patients, examples };
}

const tcga = String.raw`^(?<patient>TCGA-\w\w-\w{4})`;

/**
 * Patterns to try: barcodes of TCGA; then ids at the beginning of names, recognised by the form of the ids; then the
 * parts of a name between separators.
 */
export function patternsFor(ids: ReadonlySet<string>): readonly string[] {
  const shape = shapeOfIds([...ids]);
  return [
    tcga,
    ...(shape === null ? [] : [`^(?<patient>${shape})(?![0-9A-Za-z])`]),
    ...['_', '-', String.raw`\.`, ' '].map((mark) => `^(?<patient>[^${mark}]+)${mark}`),
    ...['_', '-', ' '].map((mark) => `${mark}(?<patient>[^${mark}]+)$`),
    ...(shape === null ? [] : [`(?<![0-9A-Za-z])(?<patient>${shape})(?![0-9A-Za-z])`]),
  ];
}

const plain = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);

/** A regular expression for ids of one form: `P\d{3}`, `HN-\d{4}-\d{4}-A`. Null if they differ in form. */
export function shapeOfIds(ids: readonly string[]): string | null {
  const split = ids.map((id) => id.split(/([^0-9A-Za-z]+)/));
  const [first] = split;
  if (first === undefined || ids.length < 2 || split.some(({ length }) => length !== first.length))
    return null;
  const parts = first.map((_, at) =>
    partOf(
      split.map((tokens) => tokens[at] ?? ''),
      at % 2 === 1,
    ),
  );
  return parts.some((part) => part === null) ? null : parts.join('');
}

function partOf(tokens: readonly string[], separator: boolean): string | null {
  const [first = ''] = tokens;
  if (tokens.every((token) => token === first)) return plain(first);
  if (separator) return null;
  // Letters at the beginning of all ids are kept literally, such as the P of P001.
  const prefix = /^[A-Za-z]*/.exec(first)?.[0] ?? '';
  const digitsAfter =
    prefix !== '' &&
    tokens.every((token) => /^\d+$/.test(token.slice(prefix.length)) && token.startsWith(prefix));
  const rest = digitsAfter ? tokens.map((token) => token.slice(prefix.length)) : tokens;
  const letters = rest.every((token) => /^\d+$/.test(token))
    ? String.raw`\d`
    : rest.every((token) => /^[A-Za-z]+$/.test(token))
      ? '[A-Za-z]'
      : '[0-9A-Za-z]';
  const lengths = new Set(rest.map((token) => token.length));
  return `${digitsAfter ? prefix : ''}${letters}${lengths.size === 1 ? `{${[...lengths][0] ?? 1}}` : '+'}`;
}
