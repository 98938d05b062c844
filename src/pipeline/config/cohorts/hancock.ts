/**
 * HANCOCK, declared as an experiment (`data.layout: hancock`, the default): file names, columns and outcome of the
 * public dataset (docs/method.md 1 and 2). Keys that the experiment sets itself replace these.
 */
export const hancockLayout = {
  data: {
    patients: { id: 'patient_id' },
    outcome: {
      file: 'targets.csv',
      event: {
        column: 'survival_status',
        positive: ['deceased'],
        negative: ['living'],
        words: { positive: 'deceased', negative: 'living' },
      },
      time: { column: 'days_to_last_information', unit: 'days' },
    },
    modalities: {
      WSI: {
        kind: 'bag',
        title: 'WSI',
        files: 'wsi/**/*.h5',
        patient: 'hancock',
        sources: ['primary', 'lymph'],
        tiling: 'tissue',
        group: 'file',
      },
      TMA: {
        kind: 'bag',
        title: 'TMA',
        files: 'tma/*.{h5,npz}',
        patient: 'hancock',
        tiling: 'grid',
        group: 'patient',
      },
      Clin: {
        kind: 'table',
        title: 'Clin',
        file: 'clinical.csv',
        columns: {
          sex: 'binary',
          primarily_metastasis: 'binary',
          smoking_status: 'nominal',
          age_at_initial_diagnosis: 'numeric',
        },
      },
      Path: {
        kind: 'table',
        title: 'Path',
        file: 'pathological.csv',
        columns: {
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
      Blood: { kind: 'table', title: 'Blood', file: 'blood.csv', others: 'numeric' },
      ICD: { kind: 'table', title: 'ICD', file: 'icd_codes.csv', others: 'numeric' },
      Cell: {
        kind: 'table',
        title: 'Cell',
        file: 'tma_cell_density.csv',
        columns: { cd3_z: 'numeric', cd3_inv: 'numeric', cd8_z: 'numeric', cd8_inv: 'numeric' },
      },
    },
  },
  cohort: { require: ['WSI', 'TMA'] },
  clip: { anchor: 'WSI' },
  mfmf: { sequence: ['TMA', 'WSI'] },
  // Not the default (`missing`), because the results in docs/results.md were measured with this setting.
  tabular: { untrained: 'used' },
} as const;

/** The outcome for `cohort.event: recurrence`, in place of death: recurrence or death, whichever comes first. */
export const hancockRecurrence = {
  event: {
    column: 'rfs_event',
    positive: ['1'],
    negative: ['0'],
    words: { positive: 'recurrence or death', negative: 'neither' },
  },
  time: { column: 'days_to_rfs_event', unit: 'days' },
} as const;

/** Number of columns of HANCOCK's tables whose columns are not declared one by one. */
export const hancockColumnCounts: Readonly<Record<string, number>> = { Blood: 16, ICD: 40 };

/** The pathological table, and its column that `cohort.includeSites` reads. */
export const hancockSite = { modality: 'Path', column: 'primary_tumor_site' } as const;

/**
 * Columns of the outcome table that say whether and how a patient died, and two values of the column of the cause.
 * `cohort.label: tumorSpecific` leaves out patients with the value `notTumorSpecific`.
 */
export const hancockCause = {
  status: 'survival_status',
  column: 'survival_status_with_cause',
  tumorSpecific: 'deceased tumor specific',
  notTumorSpecific: 'deceased not tumor specific',
} as const;

/** How the methods text of a report names HANCOCK's modalities. */
export const hancockTitles: Readonly<Record<string, string>> = {
  WSI: 'whole-slide images (WSI)',
  TMA: 'tissue microarrays (TMA)',
  Clin: 'clinical data',
  Path: 'pathological data',
  Blood: 'blood values',
  ICD: 'ICD-10 codes',
  Cell: 'TMA cell densities',
};
