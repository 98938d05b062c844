import { stemOf } from './file-name.js';

/**
 * HANCOCK's names of patients, slides and cores. Only `data.layout: hancock` reads names by these rules (method.md
 * 1.1, 2.5, 2.6).
 */

/** Stains of the HANCOCK tissue microarrays (method.md 2.6), in the order of the bags. */
export const stains = ['CD163', 'CD3', 'CD56', 'CD68', 'CD8', 'HE', 'MHC1', 'PDL1'] as const;
export type Stain = (typeof stains)[number];

/**
 * A name such as `TumorCenter_CD3_block12_x3_y4_patient007`, the stem of a core image and of its features (method.md
 * 2.6).
 */
const coreStem = /_block\d+_x\d+_y\d+_patient(\w+)$/i;
const explicitPatient = /patient[_-]?(\d+)/i;
const wholeId = /^\d+$/;

/**
 * Removes the decimals of an id. pandas writes the id 12 as 12.0 if another id of the column is missing, or as 12,0
 * with a decimal comma.
 */
export const withoutDecimals = (raw: string): string => raw.replace(/^(\s*\d+)[.,]0+(\s*)$/, '$1');

/** Numbers that are not ids, although their last digits look like one: 12.5, -9, 1.2e+05. */
const noId = /^\s*(?:-\d.*|[+-]?\d+[.,]\d+|[+-]?\d+(?:[.,]\d+)?e[+-]?\d+)\s*$/i;

/**
 * Normalises a patient id of HANCOCK's files - `2`, `"002"`, `"patient_002"`, `"PrimaryTumor_HE_002_a"` - by taking
 * the last run of digits and padding it to three (method.md 1.1). Null if there is no digit, and for a number that is
 * not an id.
 */
export function hancockId(raw: string): string | null {
  const whole = withoutDecimals(raw);
  if (noId.test(whole)) return null;
  const digits = whole.match(/\d+(?=\D*$)/)?.[0];
  return digits === undefined ? null : digits.replace(/^0+(?=\d)/, '').padStart(3, '0');
}

const tokensOf = (stem: string): readonly string[] => stem.toUpperCase().split(/[^A-Z0-9]+/);
const isStain = (token: string): token is Stain => (stains as readonly string[]).includes(token);

/** The last stain named in a stem. Null if there is none. */
export const stainOf = (stem: string): Stain | null => tokensOf(stem).filter(isStain).at(-1) ?? null;

/** The patient that a stem names. Null if it names none. The digits of "CD3" or "MHC1" are not an id. */
export function hancockPatient(stem: string): string | null {
  if (wholeId.test(stem)) return hancockId(stem);
  const core = coreStem.exec(stem)?.[1];
  if (core !== undefined) return hancockId(core);
  const explicit = explicitPatient.exec(stem)?.[1];
  if (explicit !== undefined) return hancockId(explicit);
  return hancockId(
    tokensOf(stem)
      .filter((token) => !isStain(token))
      .join('_'),
  );
}

/** Whether a slide shows the primary tumour or a lymph node (method.md 2.5). */
export const slideSourceOf = (stem: string): 'primary' | 'lymph' =>
  /^lymphnode/i.test(stem) ? 'lymph' : 'primary';

/** The stain that the name of a file, or else the name of a core in it, states. `unknown` if neither names a stain. */
export const coreSourceOf = (name: string, file: string): string =>
  stainOf(stemOf(file)) ?? stainOf(name) ?? 'unknown';

/** Words that say what a file shows, or that a number is an id. HANCOCK's own words come first. */
const wordsBeforeIds: ReadonlySet<string> = new Set([
  ...['PRIMARYTUMOR', 'LYMPHNODE', 'TUMORCENTER', 'INVASIONFRONT', 'TUMOR', 'CENTER', 'INVASION', 'FRONT'],
  ...[
    'PATIENT',
    'PAT',
    'PT',
    'CASE',
    'ID',
    'SLIDE',
    'SCAN',
    'IMAGE',
    'IMG',
    'FEATURES',
    'WSI',
    'TMA',
    'CORE',
  ],
]);

/**
 * Two names with the same id that most likely belong to two patients: both have text before the id, and the text
 * differs, as in `P001_S1` and `P002_S1`, `2019-0001` and `2020-0001`, `A60T-DX1` and `A60U-DX1`. Names of HANCOCK
 * itself are not ambiguous: before the id they have only words of `wordsBeforeIds`, or block and place of a core.
 *
 * @param names stems of files, or ids as tables write them
 */
export function ambiguousNames(names: readonly string[]): readonly [string, string] | null {
  const first = new Map<string, { readonly name: string; readonly before: string }>();
  for (const name of names) {
    const id = hancockPatient(name);
    if (id === null || coreStem.test(name) || explicitPatient.test(name)) continue;
    const before = textBefore(name);
    const earlier = first.get(id);
    if (before === '') continue;
    if (earlier === undefined) first.set(id, { name, before });
    else if (earlier.before !== before) return [earlier.name, name];
  }
  return null;
}

/** The tokens before the digits that are taken for the id. Stains and words of `wordsBeforeIds` are ignored. */
function textBefore(name: string): string {
  const tokens = tokensOf(name).filter((token) => token !== '' && !isStain(token));
  const at = tokens.findLastIndex((token) => /\d/.test(token));
  const [, front = '', behind = ''] = /^(.*?)\d+(\D*)$/.exec(tokens[at] ?? '') ?? [];
  // Letters after the digits distinguish patients only if letters also precede them: `002` and `002a` are slides of one
  // patient, `A60T` and `A60U` are two patients.
  const ofId = front === '' || behind === '' ? front : `${front}#${behind}`;
  return [...tokens.slice(0, at), ofId]
    .filter((token) => token !== '' && !wordsBeforeIds.has(token))
    .join('_');
}
