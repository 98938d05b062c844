import { withEncoderPreset } from './apply-encoder-preset.js';
import { hancockLayout, hancockRecurrence } from './cohorts/hancock.js';
import type { ConfigInput } from './schema.js';
import type { KeyPath } from './schema-tree.js';

type PresetName = NonNullable<ConfigInput['preset']>;
/** Keys of an experiment, grouped in sections. */
type Values = Readonly<Record<string, unknown>>;

/**
 * The keys of each preset whose values differ from the defaults. The defaults are the settings of the paper.
 * `reference` sets what the authors' public predecessor code does (docs/method.md 10). Behaviour for which there is no
 * key is not included.
 */
export const presets: Readonly<Record<PresetName, Omit<ConfigInput, 'name' | 'preset'>>> = {
  paper: {},
  reference: {
    schedule: 'joint',
    cv: { validation: 'halfOfTest' },
    tabular: { numericImpute: 'mean', scaler: 'zscore', absentRow: 'impute', transfer: 'frozenRandom' },
    core: { level: 'core' },
    mil: { wBag: 0.9, wInst: 0.1, wInstAgain: 1, heads: 'deceased', transfer: 'linear' },
    align: { activation: 'none', lambdaPD: 0.1, weight: 1 / 64, sign: 'none' },
    fusion: { activation: 'none', logits: 2, lambdaMoFe: 1 },
    single: { activation: 'none', dropout: 0, logits: 2 },
    clip: { includeSelf: true },
    pool: { detach: false, imageLoss: false, tauSv: 0.1, tauPd: 0.05, lambdaPD: 1 },
    mdlm: { combine: 'frozenConcat', detach: false },
    mfmf: { projection: 'frozenRandom' },
    robustness: { draws: 1 },
  },
};

/** How the reference implementation treats HANCOCK's patients and slides. */
const referenceHancock = {
  data: { modalities: { WSI: { sources: ['primary'] } } },
  cohort: { includeSites: [2, 3, 4] },
} as const;

const isSection = (value: unknown): value is Values =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

const laidOver = (base: Values, over: Values): Values => ({
  ...base,
  ...Object.fromEntries(
    Object.entries(over).map(([key, value]) => {
      const below = base[key];
      return [key, isSection(below) && isSection(value) ? laidOver(below, value) : value];
    }),
  ),
});

/** Whether an experiment uses HANCOCK's modalities, ids and outcome. This is the default. */
const isHancock = ({ data }: Values): boolean =>
  !isSection(data) || data['layout'] === undefined || data['layout'] === 'hancock';

const valuesOf = (preset: PresetName, hancock: boolean): Values =>
  preset === 'reference' && hancock ? laidOver(presets[preset], referenceHancock) : presets[preset];

const presetOf = (written: Values): Values => {
  const { preset } = written;
  return typeof preset === 'string' && Object.hasOwn(presets, preset)
    ? valuesOf(preset as PresetName, isHancock(written))
    : {};
};

/**
 * Values that the outcome kind timeToEvent sets. The instance loss is off, because it needs classes, and a
 * time-to-event outcome has no classes (docs/method.md 11.2).
 */
const timeToEvent = { mil: { wInst: 0, wInstAgain: 0 } } as const;

/**
 * The keys that the layout of an experiment declares. `cohort.event: recurrence` selects the outcome recurrence of
 * HANCOCK.
 */
function layoutOf(written: Values): Values {
  if (!isHancock(written)) return {};
  const recurrence = valueAt(written, ['cohort', 'event']) === 'recurrence';
  return recurrence ? laidOver(hancockLayout, { data: { outcome: hancockRecurrence } }) : hancockLayout;
}

/**
 * The experiment with more keys filled in. A key is taken from the first of these four sources that sets it: the
 * experiment as written; its kind of outcome and its preset; its layout; the preset of its encoder.
 *
 * @param filesGiven - the command line names the files of the bags
 */
export function withPreset(written: unknown, filesGiven = false): unknown {
  if (!isSection(written)) return written;
  const inTime = valueAt(written, ['data', 'outcome', 'kind']) === 'timeToEvent';
  const base = laidOver(layoutOf(written), presetOf(written));
  const values = laidOver(inTime ? laidOver(base, timeToEvent) : base, written);
  return withEncoderPreset(values, filesGiven);
}

/** The value that a preset sets for a key of a HANCOCK experiment. Undefined if the preset keeps the default. */
export const presetValue = (preset: PresetName, path: KeyPath): unknown =>
  valueAt(valuesOf(preset, true), path);

/** The value that the default layout (`hancock`) declares for a key. Undefined if the layout keeps the default. */
export const layoutValue = (path: KeyPath): unknown => valueAt(hancockLayout, path);

/** Whether the value of a key comes from the preset that the experiment names. */
export const isFromPreset = (written: unknown, path: KeyPath): boolean =>
  isSection(written) &&
  valueAt(presetOf(written), path) !== undefined &&
  valueAt(written, path) === undefined;

function valueAt(root: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>(
    (value, step) => (value as Record<string, unknown> | null | undefined)?.[step],
    root,
  );
}
