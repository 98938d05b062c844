/**
 * The id of a patient as a file writes it: surrounding blanks removed, Unicode composed (NFC), otherwise the exact
 * text. An id is never a number: `007`, `7` and `7.0` are three patients. Null for an empty text.
 */
export function patientText(raw: string): string | null {
  const text = raw.trim().normalize('NFC');
  return text === '' ? null : text;
}
