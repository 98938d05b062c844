import type { ConfigInput } from './schema.js';
import type { KeyPath } from './schema-tree.js';

type PresetName = NonNullable<ConfigInput['preset']>;
/** Keys of an experiment, in their sections. */
type Values = Readonly<Record<string, unknown>>;

/**
 * What each preset sets where it differs from the defaults; those are the paper's. `reference` is what the authors'
 * public predecessor code does (docs/method.md 10), as far as there is a key for it.
 */
export const presets: Readonly<Record<PresetName, Omit<ConfigInput, 'name' | 'preset'>>> = {
  paper: {},
  reference: {
    schedule: 'joint',
    data: { wsi: { sources: ['primary'] } },
    cohort: { includeSites: [2, 3, 4] },
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

const presetOf = ({ preset }: Values): Values =>
  typeof preset === 'string' && Object.hasOwn(presets, preset) ? presets[preset as PresetName] : {};

/** An experiment as written, with what its preset sets wherever it says nothing itself. */
export const withPreset = (written: unknown): unknown =>
  isSection(written) ? laidOver(presetOf(written), written) : written;

/** What a preset says of a key; undefined when it leaves the default. */
export const presetValue = (preset: PresetName, path: KeyPath): unknown => valueAt(presets[preset], path);

/** Whether the value of a key comes from the preset that the experiment names. */
export const isFromPreset = (written: unknown, path: KeyPath): boolean =>
  isSection(written) &&
  valueAt(presetOf(written), path) !== undefined &&
  valueAt(written, path) === undefined;

const valueAt = (root: unknown, path: KeyPath): unknown =>
  path.reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], root);
