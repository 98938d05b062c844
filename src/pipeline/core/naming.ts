import { coreSourceOf, hancockId, hancockPatient, slideSourceOf } from './hancock-names.js';
import { patientText } from './patient-id.js';

/** How the names of files, or of the arrays in one file, say whose they are (`data.modalities.<name>.patient`). */
export type NameRule = 'hancock' | 'whole' | { readonly pattern: string };

/** The rule over names of a bag's `patient`; null where a table says whose a file is. */
export const ruleOf = ({
  patient,
}: {
  readonly patient: 'hancock' | { readonly pattern: string } | { readonly table: string } | null;
}): NameRule | null => {
  if (patient === null) return 'whole';
  if (patient === 'hancock') return 'hancock';
  return 'pattern' in patient ? { pattern: patient.pattern } : null;
};

/** What makes an id of the text in a table: null for a text that is none. */
export type IdRule = (text: string) => string | null;

/** HANCOCK's files write one patient in several ways; everywhere else an id is exact text. */
export const idRuleOf = (layout: 'own' | 'hancock'): IdRule =>
  layout === 'hancock' ? hancockId : patientText;

/** The patient that a name says - a file's without folder and ending, or an array's; null when it says none. */
export function patientIn(rule: NameRule, name: string): string | null {
  if (rule === 'hancock') return hancockPatient(name);
  if (rule === 'whole') return patientText(name);
  // A Mac stores names decomposed (NFD); an editor writes the pattern composed.
  const found = new RegExp(rule.pattern.normalize('NFC')).exec(name.normalize('NFC'));
  return patientText(found?.groups?.['patient'] ?? '');
}

/** What tells the slides or cores of a patient apart: HANCOCK's sources and stains; one source for everybody else. */
export function sourceIn(
  rule: NameRule | undefined,
  tiling: 'tissue' | 'grid',
  name: string,
  file: string,
): string {
  if (rule !== 'hancock') return '';
  return tiling === 'tissue' ? slideSourceOf(file) : coreSourceOf(name, file);
}
