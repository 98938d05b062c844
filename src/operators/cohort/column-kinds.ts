import type { TableModality } from '../../pipeline/core/modality.js';
import type { Column } from './table-data.js';

export type ColumnKind = Column['kind'];

/**
 * What is known of a table's columns. `named`: each column with its kind; others are taken as numbers, and
 * said so. `allNumeric`: the file names its own columns; `columns` is how many HANCOCK has.
 */
export type TableDictionary =
  | { readonly type: 'named'; readonly kinds: Readonly<Record<string, ColumnKind>> }
  | { readonly type: 'allNumeric'; readonly columns: number };

/** The columns of the HANCOCK tables (method.md 2.2). Blood headers are long LOINC names, ICD headers are codes. */
export const tableDictionaries: Readonly<Record<TableModality, TableDictionary>> = {
  Clin: {
    type: 'named',
    kinds: {
      sex: 'binary',
      primarily_metastasis: 'binary',
      smoking_status: 'nominal',
      age_at_initial_diagnosis: 'numeric',
    },
  },
  Path: {
    type: 'named',
    kinds: {
      perinodal_invasion: 'binary',
      lymphovascular_invasion_L: 'binary',
      vascular_invasion_V: 'binary',
      perineural_invasion_Pn: 'binary',
      carcinoma_in_situ: 'binary',
      primary_tumor_site: 'nominal',
      grading: 'nominal',
      hpv_association_p16: 'nominal',
      resection_status: 'nominal',
      resection_status_carcinoma_in_situ: 'nominal',
      histologic_type: 'nominal',
      number_of_positive_lymph_nodes: 'numeric',
      infiltration_depth_in_mm: 'numeric',
      pT_stage: 'ordinal',
      pN_stage: 'ordinal',
    },
  },
  Blood: { type: 'allNumeric', columns: 16 },
  ICD: { type: 'allNumeric', columns: 40 },
  Cell: {
    type: 'named',
    kinds: { cd3_z: 'numeric', cd3_inv: 'numeric', cd8_z: 'numeric', cd8_inv: 'numeric' },
  },
};

/** Path column that `cohort.includeSites` looks at. */
export const siteColumn = 'primary_tumor_site';
