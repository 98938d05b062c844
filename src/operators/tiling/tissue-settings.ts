import type { Config } from '../../pipeline/config/schema.js';

export type TissueConfig = Config['tissue'];
export type TissuePreset = TissueConfig['preset'];
export type ContourTest = NonNullable<TissueConfig['contourTest']>;

/** All settings that decide what is tissue and which tiles lie in it (method.md 3.1, 3.2). */
export interface TissueSettings {
  readonly preset: TissuePreset;
  /** Level to segment. -1 is the level with the largest downsample up to 64. */
  readonly segLevel: number;
  readonly sthresh: number;
  readonly mthresh: number;
  readonly close: number;
  readonly useOtsu: boolean;
  /** Minimum areas of a piece of tissue and of a hole (CLAM's a_t and a_h), in tiles of 512 x 512 level-0 pixels. */
  readonly minArea: number;
  readonly minHoleArea: number;
  readonly maxHoles: number;
  readonly contourTest: ContourTest;
  readonly padding: boolean;
}

const clam = {
  segLevel: -1,
  sthresh: 8,
  mthresh: 7,
  close: 4,
  useOtsu: false,
  minArea: 100,
  minHoleArea: 16,
  maxHoles: 8,
  contourTest: 'four_pt',
  padding: true,
} as const satisfies Omit<TissueSettings, 'preset'>;

/**
 * The table of method.md 3.1. All presets are those of CLAM, except for the last two, which belong to this project.
 */
const presets: Readonly<Record<TissuePreset, Omit<TissueSettings, 'preset'>>> = {
  default: clam,
  tcga: { ...clam, minArea: 16, minHoleArea: 4 },
  bwh_biopsy: { ...clam, sthresh: 15, mthresh: 11, close: 2, minArea: 1, minHoleArea: 1, maxHoles: 2 },
  bwh_resection: { ...clam, sthresh: 15, mthresh: 11 },
  // A whole core of 0.6 mm covers 4.3 tiles of 512 at 0.5 um per pixel and 17 at 0.25. The minimum area 1 keeps
  // fragments of cores and drops dust. Holes are torn tissue, so a core has few. Up to 4 holes that are larger than a
  // tile of 512 do not count as tissue.
  tma: { ...clam, minArea: 1, minHoleArea: 1, maxHoles: 4 },
  bypass: clam,
};

/** The thresholds of the preset, replaced by those that the experiment sets. */
export function tissueSettings(config: TissueConfig): TissueSettings {
  const preset = presets[config.preset];
  return {
    preset: config.preset,
    segLevel: config.segLevel ?? preset.segLevel,
    sthresh: config.sthresh ?? preset.sthresh,
    mthresh: config.mthresh ?? preset.mthresh,
    close: config.close ?? preset.close,
    useOtsu: config.useOtsu ?? preset.useOtsu,
    minArea: config.minArea ?? preset.minArea,
    minHoleArea: config.minHoleArea ?? preset.minHoleArea,
    maxHoles: config.maxHoles ?? preset.maxHoles,
    contourTest: config.contourTest ?? preset.contourTest,
    padding: config.padding ?? preset.padding,
  };
}
