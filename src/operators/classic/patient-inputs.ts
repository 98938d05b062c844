import type { DesignTable } from './design-matrix.js';

/** The inputs of a classical model for some patients. */
export interface PatientInputs {
  readonly patients: readonly string[];
  /** Tables with rows of some of these patients. */
  readonly tables: readonly DesignTable[];
  /** Mean instances, for models that read bags. */
  readonly bags?: readonly BagMeans[];
}

/** The mean instance of each patient who has a bag of a modality. */
export interface BagMeans {
  readonly modality: string;
  readonly width: number;
  readonly means: ReadonlyMap<string, Float64Array>;
}

/** Whether the modality of a patient (position in `patients`) may be read. */
export type Open = (row: number, modality: string) => boolean;

/** For each patient, whether the patient has a row or a bag of at least one of `modalities` that may be read. */
export function visibleRows(
  { patients, tables, bags = [] }: PatientInputs,
  modalities: readonly { readonly modality: string }[],
  open: Open = () => true,
): readonly boolean[] {
  const rows = modalities.map(({ modality }) => {
    const table = tables.find((one) => one.modality === modality)?.table;
    const means = bags.find((one) => one.modality === modality)?.means;
    return [modality, new Set([...(table?.patients ?? []), ...(means?.keys() ?? [])])] as const;
  });
  return patients.map((patient, row) =>
    rows.some(([modality, having]) => having.has(patient) && open(row, modality)),
  );
}
