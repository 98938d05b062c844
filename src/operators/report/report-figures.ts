import type { Figure } from './figure.js';
import { flowDiagram } from './flow-diagram.js';
import { alignmentTitles, latentFigure } from './latent-figure.js';
import { latentHeatmapFigure } from './latent-heatmap-figure.js';
import { oneModalityFigure } from './one-modality-figure.js';
import { reliabilityFigure } from './reliability-figure.js';
import type { ReportInput } from './report-input.js';
import { robustnessFigure } from './robustness-figure.js';
import { robustnessLinesFigure } from './robustness-lines-figure.js';
import { rocFigure } from './roc-figure.js';
import { spectrumFigure } from './spectrum-figure.js';
import { survivalFigures, type SurvivalFigures } from './survival-figures.js';
import { trainingFigure } from './training-figure.js';

/** Every chart of the report, by section. */
export interface ReportFigures {
  readonly flow: Figure | null;
  readonly robustness: readonly Figure[];
  readonly latent: readonly Figure[];
  readonly spectrum: readonly Figure[];
  /** One figure for each method, in the order of the rows. */
  readonly reliability: readonly MethodFigure[];
  readonly roc: readonly MethodFigure[];
  readonly training: readonly Figure[];
  readonly survival: SurvivalFigures;
}

/** A chart of one method. */
export interface MethodFigure {
  readonly method: string;
  readonly figure: Figure;
}

/**
 * Draws all charts, one after another, because all charts take their SVG ids from one counter, which `renderChart`
 * resets.
 */
export async function drawFigures(input: ReportInput): Promise<ReportFigures> {
  const { summary, config } = input;
  const classed = summary.rows.filter(({ survival }) => survival === undefined);
  return {
    flow: flowDiagram(input.flow, input.outcome),
    robustness: await robustnessFigures(input),
    latent: await drawn(
      input.latents.flatMap(({ alignment, map }) => [
        () => latentFigure(alignment, alignmentTitles[alignment], map, input),
        () => latentHeatmapFigure(alignment, alignmentTitles[alignment], map, input.titles),
      ]),
      (draw) => draw(),
    ),
    spectrum: await drawn(input.spectra, spectrumFigure),
    reliability: await drawnByMethod(classed, (row) => reliabilityFigure(row, input.outcome)),
    roc: await drawnByMethod(classed, (row) =>
      rocFigure(
        row,
        input.predictions.filter(({ method }) => method === row.method),
        config.cv,
      ),
    ),
    training: await drawn(input.training, trainingFigure),
    survival: await survivalFigures(input),
  };
}

export const allFigures = (figures: ReportFigures): readonly Figure[] => [
  ...(figures.flow === null ? [] : [figures.flow]),
  ...figures.robustness,
  ...figures.latent,
  ...figures.spectrum,
  ...figures.reliability.map(({ figure }) => figure),
  ...figures.roc.map(({ figure }) => figure),
  ...figures.training,
  ...[figures.survival.cohort, figures.survival.horizons].filter((figure) => figure !== null),
  ...[...figures.survival.groups, ...figures.survival.calibration].map(({ figure }) => figure),
];

/**
 * Charts about hidden modalities: one method in detail, and all methods in one chart. The method in detail is the
 * reference method, or the first method with results for hidden modalities if the reference has none.
 */
async function robustnessFigures({ summary, config, titles }: ReportInput): Promise<readonly Figure[]> {
  const able = summary.rows.flatMap((row) =>
    row.robustness === null ? [] : [{ row, robustness: row.robustness }],
  );
  const shown = able.find(({ row }) => row.method === config.stats.reference) ?? able[0];
  if (shown === undefined) return [];
  const lines = await robustnessLinesFigure(summary.rows, shown.row.method);
  // The detailed charts show AUC and accuracy, which do not exist for time-to-event.
  if (summary.survival !== undefined) return lines === null ? [] : [lines];
  return [
    await robustnessFigure(shown.row, shown.robustness),
    ...(lines === null ? [] : [lines]),
    await oneModalityFigure(shown.row, shown.robustness, titles),
  ];
}

async function drawn<T>(items: readonly T[], draw: (item: T) => Promise<Figure | null>): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const item of items) {
    const figure = await draw(item);
    if (figure !== null) figures.push(figure);
  }
  return figures;
}

async function drawnByMethod<T extends { readonly method: string }>(
  rows: readonly T[],
  draw: (row: T) => Promise<Figure | null>,
): Promise<MethodFigure[]> {
  const figures: MethodFigure[] = [];
  for (const row of rows) {
    const figure = await draw(row);
    if (figure !== null) figures.push({ method: row.method, figure });
  }
  return figures;
}
