import { stageOf } from '../stage-of.js';
import { figureFiles } from './figure.js';
import { reportPage } from './page.js';
import { allFigures, drawFigures } from './report-figures.js';
import { readReportInput } from './report-input.js';

export const reportFile = 'report.html';

/**
 * Writes what a reader needs to judge the run: `report.html`, which stands alone, and every chart as
 * `figure-<name>.svg` with its numbers as `figure-<name>.csv`.
 */
export const report = stageOf(async (context) => {
  const input = readReportInput(context);
  const figures = await drawFigures(input);
  return {
    type: 'output',
    files: {
      [reportFile]: new TextEncoder().encode(reportPage(input, figures)),
      ...Object.fromEntries(allFigures(figures).flatMap(figureFiles)),
    },
  };
});
