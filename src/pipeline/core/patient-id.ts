declare const brand: unique symbol;
/** A patient's id: digits, left-padded to three ("001"). */
export type PatientId = string & { readonly [brand]: 'PatientId' };

/**
 * Normalises what files call a patient - `2`, `"002"`, `"patient_002"`, `"PrimaryTumor_HE_002_a"` - by taking
 * the last run of digits and padding it to three (method.md 1.1). Null when there is no digit.
 */
export function patientId(raw: string | number): PatientId | null {
  const digits = String(raw).match(/\d+(?=\D*$)/)?.[0];
  return digits === undefined ? null : (String(Number(digits)).padStart(3, '0') as PatientId);
}
