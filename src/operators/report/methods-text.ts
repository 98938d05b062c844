import type { Config } from '../../pipeline/config/schema.js';
import { evaluationInTime, inTime, lossInTime, monitorName } from './survival-text.js';
import { slotsOf, slotsOfKind } from '../../pipeline/config/slots.js';
import { isDetached } from '../joint/joint-settings.js';
import { anchorOf, isJoint, type ClassicMethod, type FusionMethod, type Method } from '../methods/method.js';
import { methodOf } from '../methods/registry.js';
import { bagSequence } from '../mfmf/bag-sequence.js';
import { bagWord, cohortText, featureText, splitText, tableText } from './methods-data-text.js';
import { counted, listed } from '../../pipeline/core/wording.js';
import type { ReportInput } from './report-input.js';

export interface Paragraph {
  readonly heading: string;
  readonly text: string;
}

/** What was run, as the text of a methods section. Every number comes from the resolved experiment. */
export function methodsText(input: ReportInput): readonly Paragraph[] {
  const { config } = input;
  const methods = input.summary.rows.map(({ method }) => methodOf(method));
  const fusion = methods.filter((method): method is FusionMethod => method.kind === 'fusion');
  const bags = slotsOfKind(config, 'bag');
  const hancock = config.data.layout === 'hancock';
  const encodes = bags.length > 0 && methods.some(({ kind }) => kind === 'fusion' || kind === 'bag');
  const svd = fusion.some(({ embedding }) => embedding === 'svd');
  const clip = fusion.some(({ embedding }) => embedding === 'clip');
  const signed = fusion.some(({ embedding }) => embedding === 'signed');
  return [
    { heading: 'Cohort and label', text: cohortText(input) },
    { heading: 'Split', text: splitText(input) },
    { heading: 'Preprocessing', text: tableText(input) },
    ...(bags.length > 0 ? [{ heading: hancock ? 'Image features' : 'Bags', text: featureText(input) }] : []),
    ...(encodes
      ? [{ heading: `Stage 1: ${hancock ? 'pathology' : 'bag'} encoders`, text: encoderText(input) }]
      : []),
    ...(svd || clip || signed
      ? [{ heading: 'Stage 2: alignment', text: alignmentText(input, { svd, clip, signed }) }]
      : []),
    ...(fusion.length > 0 ? [{ heading: 'Stage 3: fusion', text: fusionText(config, fusion) }] : []),
    ...otherRows(input, methods),
    { heading: 'Schedule', text: scheduleText(config, methods) },
    { heading: 'Training', text: trainingText(input) },
    { heading: 'Evaluation', text: evaluationText(input, fusion) },
  ];
}

const inside = (activation: 'relu' | 'none'): string => (activation === 'relu' ? 'ReLU' : 'no activation');

function encoderText({ config, outcome }: ReportInput): string {
  const { mil, align } = config;
  const heads =
    mil.heads === 'both' ? 'one head per class' : `the head of the class ${outcome.positive} alone`;
  return (
    `Each ${bagWord(config)} has a gated-attention MIL encoder: a linear map of the instances to ${mil.hidden} numbers (${inside(mil.activation)}, ` +
    `dropout ${mil.dropout}), gated attention of width ${mil.attention} (dropout ${mil.attentionDropout}), and the attention-weighted ` +
    `sum z of ${mil.hidden} numbers${mil.transfer === 'none' ? '' : `, mapped linearly to ${align.width}`}. Loss: ${mil.wBag} × ${inTime(config) ? 'negative log likelihood of the hazards' : 'bag cross-entropy'} + ` +
    `${mil.wInst} × instance clustering loss over the ${mil.k} instances ranked highest and lowest (${heads}` +
    `${mil.subtyping ? ', the other class trained as well' : ''})${mil.wInstAgain === 0 ? '' : `; rows with alignment or drop add the instance loss once more with weight ${mil.wInstAgain}`}.`
  );
}

function alignmentText(
  { config }: ReportInput,
  used: { readonly svd: boolean; readonly clip: boolean; readonly signed: boolean },
): string {
  const { align, clip } = config;
  const sign = {
    sum: 'signed to the side of the sum of the vectors',
    invariant: 'compared whatever their sign',
    none: 'with the sign the decomposition gives',
  }[align.sign];
  const svd = used.svd
    ? ` Loss: softmax of the leading singular value of a patient's ${align.normalize ? 'unit-length ' : ''}modality vectors (temperature ${align.tauSv}) plus ` +
      `${align.lambdaPD} × discrimination of patients by their leading left singular vectors (temperature ${align.tauPd}, ${sign})` +
      `${align.weight === 1 ? '' : `, times ${align.weight}`}.`
    : '';
  const anchor = anchorOf(slotsOf(config), clip.anchor) ?? '';
  const contrast = used.clip
    ? ` CLIP rows contrast each other modality with ${anchor}${clip.includeSelf ? `, and ${anchor} with itself,` : ''} instead, starting at temperature ${clip.temperature}, scale at most ${clip.maxScale}.`
    : '';
  const { lambdaPD, tau } = config.signed;
  const cosines = used.signed
    ? ` The row with signed alignment has 1 - mean cosine of the pairs of a patient's modality vectors plus discrimination of patients by their mean directions (weight ${lambdaPD.join(' or ')}, temperature ${tau.join(' or ')}${lambdaPD.length * tau.length > 1 ? ', as validation patients choose' : ''}) instead.`
    : '';
  return (
    `A two-layer network phi per modality (hidden ${align.hidden}, ${inside(align.activation)}) maps ${vectorWord(config)} to u, ${align.width} numbers. ` +
    `Only observed modalities enter.${svd}${contrast}${cosines}`
  );
}

/** The words for the vectors that the networks phi read. */
function vectorWord(config: Config): string {
  const kinds = slotsOf(config).map(({ kind }) => kind);
  if (!kinds.includes('table')) return 'z';
  return kinds.includes('bag') ? 'z or the encoded table' : 'the encoded table';
}

function fusionText(config: Config, methods: readonly FusionMethod[]): string {
  const { fusion } = config;
  const drop = methods.filter(({ randomDrop }) => randomDrop);
  const projected = methods.filter(({ embedding }) => embedding === 'projected');
  const out = inTime(config)
    ? lossInTime(config)
    : fusion.logits === 1
      ? 'one logit with binary cross-entropy'
      : 'two logits with softmax cross-entropy';
  return (
    `The vectors of all modalities are concatenated, zeros where one is missing, and pass a network with ${fusion.hidden} hidden units ` +
    `(${inside(fusion.activation)}, dropout ${fusion.dropout}) to ${out}.` +
    (projected.length === 0 ? '' : mapText(config, projected)) +
    (drop.length === 0
      ? ''
      : ` Random modality drop (${titlesOf(drop)}): per patient and step, a uniform number of the observed modalities is hidden in a second pass; loss l⁺ + l⁻ + ` +
        `${fusion.lambdaMoFe} × max(l⁺ − l⁻, 0)${fusion.mofeStopGradReduced ? ', l⁻ constant inside the hinge' : ''}.`)
  );
}

/**
 * The sentence about the linear maps P (method.md 8) that are learned with a head. A modality with its own transfer map
 * has no map P (method.md 4.4).
 */
function mapText(config: Config, projected: readonly FusionMethod[]): string {
  const { fusion, mil, tabular } = config;
  const kinds = slotsOf(config).map(({ kind }) => kind);
  const bags = mil.transfer === 'none' && kinds.includes('bag');
  const tables = tabular.transfer === 'none' && kinds.includes('table');
  if (!bags && !tables) return '';
  const all = bags === kinds.includes('bag') && tables === kinds.includes('table');
  const mapped = all ? 'each modality' : bags ? `each ${bagWord(config)}` : 'each table';
  return ` Without alignment ${mapped} first passes a linear map to ${fusion.projection} numbers (${titlesOf(projected)}).`;
}

const titlesOf = (methods: readonly Method[]): string => listed(methods.map(({ title }) => title));

/** Sentences about the methods that have settings of their own. */
function otherRows({ config, titles }: ReportInput, methods: readonly Method[]): readonly Paragraph[] {
  const { pool, mdlm, mfmf, single } = config;
  const has = (id: string): boolean => methods.some((method) => method.id === id);
  const pooling = methods.some((method) => method.kind === 'fusion' && method.section === 'pool');
  const combine = {
    learned: 'learned weights',
    mean: 'their mean',
    frozenConcat: 'a layer over the logits of bags and raw tables that is never trained',
  }[mdlm.combine];
  const sentences = [
    ...(methods.some(({ kind }) => kind === 'bag')
      ? ['MIL rows: the classifier of a Stage-1 encoder, on one bag modality or on all bags together.']
      : []),
    ...(pooling
      ? [
          `Pooling rows: u pooled over the observed modalities, then one linear layer${pool.detach ? '' : '; gradients pass between their stages'}${pool.imageLoss ? '' : '; encoders without a loss of their own'}.`,
        ]
      : []),
    ...(has('ps3') ? ['PS3: attention over one token per modality.'] : []),
    ...(has('mdlm') ? [`MDLM: one linear head per modality, combined by ${combine}.`] : []),
    ...(has('mfmf')
      ? [
          `MFMF: tabular tokens attend to the instances of ${listed(bagSequence(mfmf, slotsOf(config)).map((id) => titles[id] ?? id))}, one block each${mfmf.projection === 'trained' ? '' : '; projections drawn and never trained'}.`,
        ]
      : []),
    ...(has('bilinear') ? ['Bilinear: learned bilinear interaction of all pairs of modalities.'] : []),
    ...(methods.some(({ kind }) => kind === 'single')
      ? [
          `Single tables: a network with ${single.hidden} hidden units (${inside(single.activation)}, dropout ${single.dropout}).`,
        ]
      : []),
  ];
  sentences.push(...classicSentences(methods));
  return sentences.length === 0 ? [] : [{ heading: 'Comparison rows', text: sentences.join(' ') }];
}

function scheduleText(config: Config, methods: readonly Method[]): string {
  const { schedule, detach, align } = config;
  const joint = methods.filter((method) => isJoint(method, schedule));
  const monitor =
    align.monitor === 'valAuc'
      ? `the ${monitorName(config)} of a probe fusion network beside it`
      : 'its validation loss';
  const how =
    schedule === 'staged'
      ? `Staged: each stage is a training job of its own on the frozen output of the one before, with its own early stopping (Stage 2 by ${monitor}).` +
        (joint.length === 0 ? '' : ` Trained in one job: ${titlesOf(joint)}.`)
      : `Joint: all stages of a method are trained in one optimisation step, with one early stopping on the ${monitorName(config)} of the fused score.`;
  const attached = methods.filter((method) => method.kind === 'fusion' && !isDetached(method, config));
  const gradients = detach
    ? ` No gradient passes from one stage into another${attached.length === 0 ? '' : `, except in ${titlesOf(attached)}`}.`
    : ' Gradients pass through all stages (no detachment).';
  return how + gradients;
}

function trainingText({ config, training }: ReportInput): string {
  const { train } = config;
  const backends = [
    ...new Set(training.flatMap(({ folds }) => folds.map(({ history }) => history.backend))),
  ].sort();
  return (
    `The same protocol for every row: Adam, learning rate ${train.lr}, weight decay ${train.weightDecay}, ${train.batch} patients per step, ${inTime(config) ? 'each training patient once in an epoch' : 'both classes drawn equally often'}; ` +
    `at most ${counted(train.epochs, 'epoch')}, stopped after ${train.patience} without better ${monitorName(config)}, weights of the best epoch kept; ` +
    `learning rate times ${train.plateauFactor} after ${train.plateauPatience} epochs without lower validation loss. Training seed ${config.seed}` +
    `${backends.length === 0 ? '' : `; trained with ${listed(backends)}`}.`
  );
}

function evaluationText({ config, summary }: ReportInput, fusion: readonly FusionMethod[]): string {
  const { robustness, stats, cv } = config;
  const pooled =
    cv.mode === 'fixedTest' || cv.repeats > 1
      ? "Pooled scores are the mean of a patient's test probabilities."
      : 'Pooled scores are the logits of all folds together.';
  const hidden =
    fusion.length === 0
      ? ''
      : ` Robustness: each observed modality of a test patient is hidden with probability 0, 0.1, ..., 1 from the trained network; mean of ${counted(robustness.draws, 'seeded draw')}; also each modality hidden, and each alone.`;
  const compared =
    summary.comparisons.length === 0
      ? ''
      : ` ${methodOf(stats.reference).title} is compared with ${listed(summary.comparisons.map(({ other }) => methodOf(other).title))} by McNemar's and DeLong's tests, Holm-adjusted.`;
  if (inTime(config)) return `${evaluationInTime(config)}${hidden}`;
  return (
    `The kept weights are evaluated once on the test patients: AUC (mid-ranks), accuracy, balanced accuracy, sensitivity and specificity at threshold 0.5, Brier score and ` +
    `expected calibration error (ten bins); mean and population standard deviation over folds. ${pooled} The interval of the pooled AUC is DeLong's.${hidden}${compared}`
  );
}

const missingCells = 'training means for missing cells, marked by columns of their own';
const innerFolds = 'the penalty by inner folds of the training patients';
const aboutClassic: Readonly<Record<ClassicMethod['fit'], string>> = {
  ridge: `logistic regression with a ridge penalty on the columns of all tables (${missingCells}), ${innerFolds}`,
  forest: `a random forest of 500 trees on the columns of all tables (${missingCells}), at least five draws in a leaf`,
  stack: `one such regression for each modality (bags: their mean instance), and one that combines their logits of held-out training patients, with modalities hidden at random`,
  coxRidge: `Cox regression with a ridge penalty on the columns of all tables (${missingCells}), ${innerFolds}`,
  kaplanMeier: 'the Kaplan-Meier curve of the training patients for everybody',
};

/** Sentences that describe the classical methods of the run, such as ridge regression and the random forest. */
function classicSentences(methods: readonly Method[]): readonly string[] {
  const told = methods.flatMap((method) => (method.kind === 'classic' ? aboutClassic[method.fit] : []));
  return told.length === 0 ? [] : [`Classical rows: ${told.join('; ')}.`];
}
