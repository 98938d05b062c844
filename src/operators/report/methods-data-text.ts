import { inTime } from './survival-text.js';
import { hancockTitles } from '../../pipeline/config/cohorts/hancock.js';
import type { Config } from '../../pipeline/config/schema.js';
import { slotsOfKind, tableOf } from '../../pipeline/config/slots.js';
import { counted, listed } from '../../pipeline/core/wording.js';
import type { ReportInput } from './report-input.js';

// This file writes the paragraphs of the methods text about patients and their data.

const isHancock = ({ data }: Config): boolean => data.layout === 'hancock';

/** The word that the text uses for a modality that is a bag. */
export const bagWord = (config: Config): string =>
  isHancock(config) ? 'pathology modality' : 'bag modality';

/** The name that the text uses for a modality. */
const nameOf = ({ config, titles }: ReportInput, id: string): string =>
  (isHancock(config) ? hancockTitles[id] : undefined) ?? titles[id] ?? id;

export function cohortText(input: ReportInput): string {
  const { config, flow, summary, modalities, outcome } = input;
  const { cohort } = config;
  const labelled = flow[0]?.patients ?? 0;
  const { patients, positive } = summary.cohort;
  const needed =
    cohort.require.length === 0
      ? 'Patients needed at least one modality.'
      : `Patients needed ${listed(cohort.require)}; other modalities may be missing.`;
  const sites =
    cohort.includeSites === 'all'
      ? ''
      : ` Only primary tumour sites ${cohort.includeSites.join(', ')} were used.`;
  return (
    `Of ${counted(labelled, 'labelled patient')}, ${patients} were used: ${patients - positive} ${outcome.negative}, ${positive} ${outcome.positive}. ` +
    `${labelText(input)} ${needed}${sites} Modalities: ${listed(modalities.map((modality) => nameOf(input, modality)))}.`
  );
}

/** The sentence that says what the two classes mean. */
function labelText({ config, outcome }: ReportInput): string {
  const { cohort, data } = config;
  const { positive, negative, column } = outcome;
  if (inTime(config)) {
    const { time } = data.outcome;
    const causes =
      cohort.event === 'tumorSpecific'
        ? '; patients who died of another or an unknown cause are censored at death'
        : '';
    return `The outcome is the time to ${positive}, column ${time?.column ?? ''} in ${time?.unit ?? ''}; patients without it are censored at that time${causes}. Patients without a time above 0 were left out.`;
  }
  switch (cohort.label) {
    case 'overall':
      return isHancock(config)
        ? `The label is survival status at the last information: ${positive}, whatever the cause (positive class), or ${negative}.`
        : `The label is column ${column} of ${data.outcome.file}: ${positive} (positive class) or ${negative}.`;
    case 'tumorSpecific':
      return 'The label is survival status; patients who died of something other than the tumour were left out.';
    case 'landmark': {
      const { landmarkYears } = cohort;
      // It is not known here from which date the time column counts, so the text refers to the column.
      const counts = data.outcome.time === null ? '' : `, as ${data.outcome.time.column} counts it`;
      return `The label is the status ${counted(landmarkYears, 'year')} into follow-up${counts}: ${positive} by then (positive class) or ${negative} then; patients last seen ${negative} earlier were left out.`;
    }
  }
}

export function splitText({ config, splitHash, foldGroups }: ReportInput): string {
  const { cv } = config;
  const scheme =
    cv.mode === 'fixedTest'
      ? `A given set of patients was held out for testing; the others were divided into ${cv.folds} folds of training and validation, stratified by label.`
      : cv.mode === 'groups'
        ? `Cross-validation that leaves one group out: column ${cv.group} divides the patients into ${cv.folds} groups, and the patients of each are tested once by models trained without them (${foldGroups
            .slice(0, cv.folds)
            .map((group, fold) => `fold ${fold}: ${group}`)
            .join('; ')}).`
        : `${cv.folds}-fold cross-validation, stratified by label; every patient is tested once.`;
  const validation =
    cv.mode === 'fixedTest'
      ? ''
      : cv.validation === 'own'
        ? ' A stratified ninth of the patients who are not tested is the validation set.'
        : ' The held-out patients of a fold were cut into two stratified halves, a validation set and a test set; validation patients are not tested.';
  const repeats =
    cv.repeats === 1
      ? ''
      : ` The whole cross-validation was repeated ${cv.repeats} times with other ${cv.mode === 'groups' ? 'validation patients' : 'folds'} and other random streams.`;
  const tested =
    cv.mode === 'kfold' && cv.validation === 'halfOfTest'
      ? scheme.replace('; every patient is tested once', '')
      : scheme;
  const hash = splitHash === null ? '' : `, split ${splitHash.slice(0, 12)}`;
  return `${tested}${validation}${repeats} All ${materialOf(config)} of a patient are in the same set. Split seed ${cv.seed}${hash}.`;
}

/** The words that the text uses for a patient's data: rows (of tables), files (in HANCOCK: images), or both. */
function materialOf(config: Config): string {
  if (slotsOfKind(config, 'bag').length === 0) return 'rows';
  const files = isHancock(config) ? 'images' : 'files';
  return slotsOfKind(config, 'table').length === 0 ? files : `${files} and rows`;
}

export function tableText(input: ReportInput): string {
  const { config } = input;
  const { tabular, align } = config;
  if (slotsOfKind(config, 'table').length === 0) return 'No table is used.';
  const fill = tabular.numericImpute === 'mostFrequent' ? 'most frequent value' : 'mean';
  const scaled = isHancock(config) ? 'numeric, ordinal and ICD columns' : 'numeric and ordinal columns';
  const absent =
    tabular.absentRow === 'mask'
      ? 'A patient without a row in a table lacks that modality: it is masked, never imputed.'
      : `A patient without a row in a table got one filled with ${tabular.numericImpute === 'mostFrequent' ? 'the modes' : 'the means (numbers) and modes (the rest)'} of the training patients.`;
  const map =
    tabular.transfer === 'none'
      ? ''
      : ` Each encoded table passes a linear map to ${align.width} numbers that is drawn at random and never trained.`;
  return (
    `Missing numbers in a row were replaced by the ${fill} of their column, nominal columns one-hot encoded, ${scaled} ` +
    `${scalings[tabular.scaler]}${boundText(tabular)}; everything was fitted on the training patients of the fold.${ownTableText(input)} ${absent}${map}`
  );
}

const boundText = ({ clip, bound }: Config['tabular']): string =>
  clip
    ? ' and clipped to the training range'
    : bound === null
      ? ''
      : `, values far outside limited to ${bound} training ranges beyond the training range`;

const scalings = { minmax: 'scaled to [0, 1]', zscore: 'standardised' } as const;

/** Sentences about settings that the experiment declares for single tables only. */
function ownTableText(input: ReportInput): string {
  const { config } = input;
  const sentences = slotsOfKind(config, 'table').flatMap((id) => {
    const { scaler, select } = tableOf(config, id);
    const said = [
      ...(scaler === null || scaler === config.tabular.scaler ? [] : [scalings[scaler]]),
      ...(select === null
        ? []
        : [`only the ${select.topVariance} columns that vary most over the training patients`]),
    ];
    return said.length === 0 ? [] : [` ${nameOf(input, id)}: ${said.join('; ')}.`];
  });
  return sentences.join('');
}

/** The sentence that names the encoders of the instances, if they are known. */
export function featureText({ images, titles, config }: ReportInput): string {
  const { bag } = config;
  const made = new Map<string, Set<string>>();
  for (const { modality, index } of images.features) {
    if (index.bags.length === 0) continue;
    const by = `${index.encoder ?? 'an encoder that is not noted'} (${index.dialect})`;
    made.set(modality, (made.get(modality) ?? new Set()).add(by));
  }
  const sentences = [...made].map(
    ([modality, by]) => `${titles[modality] ?? modality} by ${listed([...by])}`,
  );
  const subsample =
    bag.maxInstances === null
      ? ''
      : ` In training, larger bags were subsampled to ${bag.maxInstances} instances.`;
  const held = isHancock(config)
    ? 'A bag holds the instances of all slides, or of all cores and stains, of a patient.'
    : 'A bag holds the instances of all files of a patient.';
  return `${held}${sentences.length === 0 ? '' : ` Instances: ${sentences.join('; ')}.`}${subsample}`;
}
