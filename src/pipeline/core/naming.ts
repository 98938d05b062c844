import { coreSourceOf, hancockId, hancockPatient, slideSourceOf } from './hancock-names.js';
import { patientText } from './patient-id.js';

/** How the patient is found in the name of a file, or of an array in a file (`data.modalities.<name>.patient`). */
export type NameRule = 'hancock' | 'whole' | { readonly pattern: string };

/**
 * The rule that the key `patient` of a bag modality gives for finding the patient in a name. Null if a table says which
 * patient a file belongs to.
 */
export const ruleOf = ({
  patient,
}: {
  readonly patient: 'hancock' | { readonly pattern: string } | { readonly table: string } | null;
}): NameRule | null => {
  if (patient === null) return 'whole';
  if (patient === 'hancock') return 'hancock';
  return 'pattern' in patient ? { pattern: patient.pattern } : null;
};

/** Converts the text of a table cell to an id. Null if the text is not an id. */
export type IdRule = (text: string) => string | null;

/** HANCOCK's files write one patient in several ways. With any other layout an id is exact text. */
export const idRuleOf = (layout: 'own' | 'hancock'): IdRule =>
  layout === 'hancock' ? hancockId : patientText;

/** The possible names of an id column, and the key of the experiment that gives them. */
export interface IdColumn {
  readonly id: readonly string[];
  readonly idKey: string;
}

/**
 * The id column of a table: the column that the experiment declares for this table, or else the columns of
 * `data.patients.id`.
 */
export const idColumnOf = (
  patients: { readonly id: string | readonly string[] },
  own: { readonly id: string | null; readonly key: string } | null = null,
): IdColumn =>
  own === null || own.id === null
    ? { id: [patients.id].flat(), idKey: 'data.patients.id' }
    : { id: [own.id], idKey: own.key };

/**
 * The patient in a name. The name is that of a file, without folder and ending, or that of an array. Null if the
 * name contains no patient.
 */
export function patientIn(rule: NameRule, name: string): string | null {
  if (rule === 'hancock') return hancockPatient(name);
  if (rule === 'whole') return patientText(name);
  // A Mac stores names decomposed (NFD). An editor writes the pattern composed (NFC). So both are converted to NFC.
  const found = new RegExp(rule.pattern.normalize('NFC')).exec(name.normalize('NFC'));
  return patientText(found?.groups?.['patient'] ?? '');
}

/**
 * The source of a slide or core, by which the images of a patient differ: HANCOCK's sources and stains. With other
 * layouts it is empty.
 */
export function sourceIn(
  rule: NameRule | undefined,
  tiling: 'tissue' | 'grid',
  name: string,
  file: string,
): string {
  if (rule !== 'hancock') return '';
  return tiling === 'tissue' ? slideSourceOf(file) : coreSourceOf(name, file);
}
