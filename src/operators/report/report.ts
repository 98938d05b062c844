import { stageOf } from '../stage-of.js';
import { characteristicsCsv } from './characteristics-section.js';
import { figureFiles } from './figure.js';
import { reportFile } from './report-data.js';
import { reportPage } from './page.js';
import { allFigures, drawFigures } from './report-figures.js';
import { readReportInput } from './report-input.js';

/**
 * Writes what a reader needs to judge the run: `report.html`, which needs no other file; every chart as `figure-<name>.svg` with its
 * numbers as `figure-<name>.csv`; and `characteristics.csv`.
 */
export const report = stageOf(async (context) => {
  const input = readReportInput(context);
  const figures = await drawFigures(input);
  return {
    type: 'output',
    files: {
      [reportFile]: utf8(reportPage(input, figures)),
      'characteristics.csv': utf8(characteristicsCsv(input)),
      ...Object.fromEntries(allFigures(figures).flatMap(figureFiles)),
    },
  };
});

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
