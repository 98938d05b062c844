import type { Config } from '../../pipeline/config/schema.js';
import type { Modality } from '../../pipeline/core/modality.js';
import { counted } from './number-text.js';
import type { ReportInput } from './report-input.js';

const modalityNames: Readonly<Record<Modality, string>> = {
  WSI: 'whole-slide images (WSI)',
  TMA: 'tissue microarrays (TMA)',
  Clin: 'clinical table',
  Path: 'pathological table',
  Blood: 'blood table',
  ICD: 'ICD-10 codes',
  Cell: 'TMA cell density',
};

/** What was run, in plain words: a heading and a sentence each. */
export function experimentText(input: ReportInput): readonly (readonly [heading: string, text: string])[] {
  const { config, modalities, summary } = input;
  return [
    ['Question', 'Is the patient deceased (the positive class) or living at the last information?'],
    ['Data', `Modalities: ${modalities.map((modality) => modalityNames[modality]).join(', ')}.`],
    ...featureRule(input),
    ['Patients', patientRule(config)],
    ['Cross-validation', crossValidation(config, input.splitHash)],
    ['Methods', `${summary.rows.map(({ title }) => title).join(', ')}.`],
    ['Tables', tableRule(config)],
    ['Training', trainingRule(config)],
    [
      'Reproduce',
      `Preset ${config.preset}, schedule ${config.schedule}, training seed ${config.seed}.${backendText(input)}`,
    ],
  ];
}

/** Who made the instances, as far as it is noted; nothing when the experiment has no bags. */
function featureRule({ images }: ReportInput): readonly (readonly [string, string])[] {
  const made = new Map<string, Set<string>>();
  for (const { modality, index } of images.features) {
    if (index.bags.length === 0) continue;
    const by = `${index.encoder ?? 'an encoder that is not noted'} (${index.dialect})`;
    made.set(modality, (made.get(modality) ?? new Set()).add(by));
  }
  if (made.size === 0) return [];
  const sentences = [...made].map(([modality, by]) => `${modality} by ${[...by].join(', ')}`);
  return [['Features', `${sentences.join('; ')}.`]];
}

function patientRule({ cohort }: Config): string {
  const label =
    cohort.label === 'overall'
      ? 'Every death counts, whatever its cause.'
      : 'Patients who died of something other than the tumour are left out.';
  const needed =
    cohort.require.length === 0
      ? 'At least one modality is needed.'
      : `${cohort.require.join(' and ')} ${cohort.require.length === 1 ? 'is' : 'are'} needed; others may be missing.`;
  const sites =
    cohort.includeSites === 'all' ? '' : ` Only primary tumour sites ${cohort.includeSites.join(', ')}.`;
  return `${label} ${needed}${sites}`;
}

function crossValidation({ cv }: Config, hash: string | null): string {
  const scheme =
    cv.mode === 'kfold'
      ? `${cv.folds} folds, stratified by outcome; every patient is tested once.`
      : `A fixed test set; ${cv.folds} folds of the other patients give training and validation.`;
  return `${scheme} Split seed ${cv.seed}${hash === null ? '' : `, split ${hash.slice(0, 12)}`}.`;
}

function tableRule({ tabular }: Config): string {
  const fill = tabular.numericImpute === 'mostFrequent' ? 'most frequent value' : 'mean';
  const scaling = tabular.scaler === 'minmax' ? 'scaled to [0, 1]' : 'standardised';
  const absent = tabular.absentRow === 'mask' ? 'is masked' : 'is filled with training modes';
  return `Missing numbers get the ${fill}, columns are ${scaling}, a missing row ${absent}; all fitted on training patients.`;
}

function trainingRule({ train }: Config): string {
  return (
    `Each stage is trained on its own: Adam, learning rate ${train.lr}, ${train.batch} patients per step, at most ` +
    `${counted(train.epochs, 'epoch')}, stopping after ${train.patience} without improvement. ` +
    'Classes are drawn equally often.'
  );
}

function backendText({ training }: ReportInput): string {
  const backends = [
    ...new Set(training.flatMap(({ folds }) => folds.map(({ history }) => history.backend))),
  ].sort();
  return backends.length === 0 ? '' : ` Trained with ${backends.join(', ')}.`;
}
