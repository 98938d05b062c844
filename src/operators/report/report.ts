import { stageOf } from '../stage-of.js';
import { figureFiles, type Figure } from './figure.js';
import { reportPage } from './page.js';
import { readReportInput } from './report-input.js';
import { rocFigure } from './roc-figure.js';
import { trainingFigure } from './training-figure.js';

export const reportFile = 'report.html';

/**
 * Writes what a reader needs to judge the run: `report.html`, which stands alone, and every chart as
 * `figure-<name>.svg` with its numbers as `figure-<name>.csv`.
 */
export const report = stageOf(async (context) => {
  const input = readReportInput(context);
  const roc = await drawn(input.summary.rows, (row) =>
    rocFigure(
      row,
      input.predictions.filter(({ method }) => method === row.method),
      input.config.cv,
    ),
  );
  const training = await drawn(input.training, trainingFigure);
  return {
    type: 'output',
    files: {
      [reportFile]: new TextEncoder().encode(reportPage(input, { roc, training })),
      ...Object.fromEntries([...roc, ...training].flatMap(figureFiles)),
    },
  };
});

/** One chart after the other: drawing is synchronous work, and rendering resets ids shared by the process. */
async function drawn<T>(items: readonly T[], draw: (item: T) => Promise<Figure | null>): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const item of items) {
    const figure = await draw(item);
    if (figure !== null) figures.push(figure);
  }
  return figures;
}
