import { methodOf } from '../../operators/methods/registry.js';
import { recommendedLines } from '../../operators/evaluation/recommended-data.js';
import { mapsText } from '../../operators/evaluation/calibrated-row-data.js';
import type { Spread } from '../../operators/evaluation/spread-data.js';
import { slotsOf } from '../config/slots.js';
import { counted, listed } from '../core/wording.js';
import type { RunRecord } from './run-record.js';

/** Returns facts from the files of a run as sentences. Several items of the reporting guidelines use the same facts. */
type Answer = (record: RunRecord) => readonly string[];

export const digits = (value: number | null): string => (value === null ? 'undefined' : value.toFixed(3));
const spreadText = ({ mean, std }: Omit<Spread, 'folds'>): string => `${digits(mean)} ± ${digits(std)}`;
const intervalText = (ci95: readonly [number, number] | null): string =>
  ci95 === null ? '' : ` [${ci95.map(digits).join(', ')}]`;
const inTime = ({ config }: RunRecord): boolean => config.data.outcome.kind === 'timeToEvent';

export const outcomeAnswer: Answer = (record) => {
  const { summary, config } = record;
  const { positive, negative, column } = summary.outcome;
  const { time } = config.data.outcome;
  return [
    `Column ${column}: "${positive}" is the event, "${negative}" is no event.`,
    ...(time === null ? [] : [`Time in column ${time.column} (${time.unit}).`]),
    inTime(record)
      ? `Time-to-event outcome; horizons of ${config.survival.horizons.join(', ')} years.`
      : config.cohort.label === 'landmark'
        ? `Status ${config.cohort.landmarkYears} years into follow-up.`
        : `Binary outcome; rule ${config.cohort.label}.`,
  ];
};

export const numbersAnswer: Answer = ({ summary: { cohort, outcome } }) => [
  `${counted(cohort.patients, 'patient')}: ${cohort.positive} ${outcome.positive}, ${cohort.patients - cohort.positive} ${outcome.negative}.`,
];

export const flowAnswer: Answer = ({ flow, summary, has, problems }) => [
  ...flow.map(
    ({ step, patients, positive }) =>
      `${step}: ${counted(patients, 'patient')}, ${positive} ${summary.outcome.positive}.`,
  ),
  `problems.csv lists what was left out: ${problems['failure'] ?? 0} failures, ${problems['warning'] ?? 0} warnings, ${problems['info'] ?? 0} notes.`,
  ...(has('figures/cohort-flow.svg') ? ['Diagram: figures/cohort-flow.svg.'] : []),
];

export const eligibilityAnswer: Answer = ({ config: { cohort }, flow }) => [
  `Rules of the cohort: ${flow.map(({ step }) => step).join(' -> ')}.`,
  cohort.require.length === 0
    ? 'A patient needs any of the modalities.'
    : `A patient needs ${listed(cohort.require)}.`,
];

export const predictorsAnswer: Answer = ({ config, holding }) => {
  const kinds = new Map(slotsOf(config).map(({ id, kind }) => [id, kind]));
  return [
    ...holding.map(
      ({ modality, patients }) =>
        `${modality} (${kinds.get(modality) === 'bag' ? 'images or features' : 'table'}): ${counted(patients, 'patient')}.`,
    ),
    'columns.csv lists every column with its kind and whether it is an input.',
  ];
};

export const missingAnswer: Answer = ({ columns, holding, summary }) => {
  const gaps = columns.filter(({ missing }) => missing > 0);
  return [
    `Missing cells in ${gaps.length} of ${counted(columns.length, 'described column')}${gaps.length === 0 ? '.' : ': '}${gaps
      .map(({ modality, column, known, missing }) => `${modality}.${column} ${missing} of ${known + missing}`)
      .join('; ')}${gaps.length === 0 ? '' : '.'}`,
    ...holding.flatMap(({ modality, patients }) =>
      patients === summary.cohort.patients
        ? []
        : [
            `${modality} is missing for ${summary.cohort.patients - patients} of ${counted(summary.cohort.patients, 'patient')}.`,
          ],
    ),
    'Missing cells are filled with values of the training patients of the fold only.',
  ];
};

export const partitionAnswer: Answer = ({ config: { cv }, folds }) => {
  const sizes = (set: 'train' | 'val' | 'test'): string => {
    const counts = folds.map((fold) => fold[set].length);
    const [low, high] = [Math.min(...counts), Math.max(...counts)];
    return low === high ? String(low) : `${low} to ${high}`;
  };
  const groups = folds.flatMap(({ group }) => group ?? []).slice(0, cv.folds);
  const scheme = {
    kfold: `${cv.folds}-fold cross-validation, stratified by outcome`,
    fixedTest: `A given test set; the other patients in ${cv.folds} folds`,
    groups: `One group of ${cv.group ?? ''} left out per fold (${groups.join(', ')})`,
  }[cv.mode];
  return [
    `${scheme}${cv.repeats === 1 ? '' : `, ${cv.repeats} times`}; seed ${cv.seed}; splits.json lists the patients.`,
    `Patients per fold: ${sizes('train')} train, ${sizes('val')} validate, ${sizes('test')} test.`,
    'Validation patients decide when training stops; test patients are used once.',
  ];
};

export const handlingAnswer: Answer = ({ config: { tabular } }) => [
  `Numbers are scaled (${tabular.scaler}) and categories are encoded; both are fitted on the training patients of the fold.`,
];

export const methodAnswer: Answer = ({ config, summary }) => {
  const { train, schedule, seed } = config;
  return [
    `Methods: ${listed(summary.rows.map(({ title }) => title))}.`,
    ...summary.skipped.map(({ title, reason }) => `${title} was skipped: it ${reason}.`),
    `Schedule ${schedule}; training seed ${seed}; learning rate ${train.lr}, batch ${train.batch}, at most ${train.epochs} epochs, patience ${train.patience}.`,
    'config.resolved.yaml holds every hyperparameter.',
  ];
};

export const measuresAnswer: Answer = (record) => [
  inTime(record)
    ? "Harrell's and Uno's C, time-dependent AUC and Brier score at the horizons, integrated Brier score, D-calibration."
    : 'AUC, accuracy, balanced accuracy, sensitivity, specificity, Brier score, expected calibration error.',
  'Mean and population standard deviation over folds; 95 % intervals where they are defined.',
  `Comparisons with ${methodOf(record.config.stats.reference).title}, adjusted after Holm.`,
];

export const calibrationAnswer: Answer = (record) =>
  inTime(record)
    ? []
    : [
        `Calibration on the validation patients of each fold: ${record.config.calibration}.`,
        ...record.summary.rows.flatMap(({ title, brier, ece, calibrated }) =>
          calibrated === null
            ? []
            : [
                `${title} (${mapsText(calibrated)}): Brier ${digits(brier.mean)} before and ${digits(calibrated.brier.mean)} after, calibration error ${digits(ece.mean)} before and ${digits(calibrated.ece.mean)} after.`,
              ],
        ),
      ];

export const thresholdAnswer: Answer = (record) =>
  inTime(record)
    ? ['Risk, and survival at the horizons.']
    : [
        `Probability of ${record.summary.outcome.positive}. Classes at 0.5, and at a threshold that validation patients of the fold choose (${record.config.threshold === 'youden' ? 'Youden' : `sensitivity ${record.config.threshold}`}).`,
      ];

export const performanceAnswer: Answer = (record) =>
  record.summary.rows.map(({ title, auc, pooledAuc, accuracy, brier, survival }) =>
    survival === undefined
      ? `${title}: AUC ${spreadText(auc)} over ${counted(auc.folds, 'fold')}; pooled ${digits(pooledAuc.value)}${intervalText(pooledAuc.ci95)}${pooledAuc.reason === undefined ? '' : ` (${pooledAuc.reason})`}; accuracy ${spreadText(accuracy)}; Brier ${spreadText(brier)}.`
      : `${title}: Harrell's C ${spreadText(survival.c)} over ${counted(survival.c.folds, 'fold')}; Uno's C ${spreadText(survival.unoC)}; integrated Brier score ${spreadText(survival.ibs)}.`,
  );

export const comparisonAnswer: Answer = ({ summary }) => {
  const titles = new Map(summary.rows.map(({ method, title }) => [method, title]));
  const who = (method: string, other: string): string =>
    `${titles.get(method) ?? method} against ${titles.get(other) ?? other}`;
  const tested = (value: number | null, ci95: readonly [number, number] | null, p: number | null): string =>
    `${digits(value)}${intervalText(ci95)}${p === null ? '' : `, adjusted p ${p.toFixed(4)}`}`;
  return [
    ...(summary.recommended === null ? [] : recommendedLines(summary.recommended)),
    ...summary.comparisons.flatMap(({ method, other, auc }) =>
      auc === null ? [] : [`${who(method, other)}: AUC ${tested(auc.difference, auc.ci95, auc.adjusted)}.`],
    ),
    ...(summary.survival?.comparisons ?? []).map(
      ({ method, other, difference, ci95, adjusted }) =>
        `${who(method, other)}: C ${tested(difference, ci95, adjusted)}.`,
    ),
  ];
};

export const subgroupAnswer: Answer = (record) => [
  ...(record.has('subgroups.csv') ? ['subgroups.csv: metrics of groups of patients.'] : []),
  ...groupAnswer(record),
];

export const softwareAnswer: Answer = ({ info, summary }) => [
  `haf-pipeline ${info.codeVersion}, Node.js ${info.node}, tensor backend ${summary.backend}; run ${info.run}.`,
];

export const inventedAnswer: Answer = ({ summary }) =>
  summary.invented ? ['The patients are invented: no number here is a result about patients.'] : [];

/** Names the groups, if each fold of the cross-validation tests one group (`cv.mode: groups`). */
export const groupAnswer: Answer = ({ config, folds }) => {
  const tested = folds.slice(0, config.cv.folds);
  const groups = tested.flatMap(({ group, test }) =>
    group === undefined ? [] : [`${group} (${test.length})`],
  );
  return groups.length === 0
    ? []
    : [
        `Each fold tests one group of ${config.cv.group ?? ''} by models of the others: ${groups.join(', ')} patients. folds/*/*/metrics.json holds the metrics of each.`,
      ];
};

export const imbalanceAnswer: Answer = (record) =>
  inTime(record)
    ? ['No method for class imbalance: each training patient is drawn once in an epoch.']
    : [
        'Training of the networks draws both classes equally often, so that rare events count.',
        ...answerOfCalibration(record),
      ];

const answerOfCalibration: Answer = ({ config }) => [
  config.calibration === 'none'
    ? 'Probabilities are not calibrated afterwards.'
    : `Probabilities are calibrated afterwards on validation patients (${config.calibration}).`,
];

export const imageAnswer: Answer = ({ config }) => {
  const bags = slotsOf(config).filter(({ kind }) => kind === 'bag');
  return bags.length === 0
    ? []
    : [
        `Images or features: ${listed(bags.map(({ id }) => id))}; settings under tile and embed of config.resolved.yaml.`,
      ];
};

export const curveAnswer: Answer = ({ has, config }) =>
  ['cohort', ...config.methods]
    .map((name) => `figures/kaplan-meier-${name}.svg`)
    .filter((path) => has(path))
    .map((path) => `Kaplan-Meier curves: ${path}.`);
