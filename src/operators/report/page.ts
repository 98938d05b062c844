import { detachmentSection } from './detachment-section.js';
import { figureSection, type FigureGroup } from './figure-section.js';
import { flowSection } from './flow-section.js';
import { foldSection } from './fold-section.js';
import { heatmapSection } from './heatmap-section.js';
import { html, trustedMarkup } from './html.js';
import { imageSection } from './image-section.js';
import { latentSection } from './latent-section.js';
import { methodSection } from './method-section.js';
import { noteSection } from './note-section.js';
import { counted, paperText, spreadText } from './number-text.js';
import { pageStyle } from './page-style.js';
import { repeatSection } from './repeat-section.js';
import type { MethodFigure, ReportFigures } from './report-figures.js';
import type { ReportInput } from './report-input.js';
import { pooledText, resultSection } from './result-section.js';
import { robustnessSection } from './robustness-section.js';
import { significanceSection } from './significance-section.js';
import { sortScript, sortScriptSource } from './sort-script.js';
import { standInWarning } from './stand-in-warning.js';
import { tableGroups } from './table-groups.js';

/**
 * The report as one HTML document: nothing is fetched, and no script runs but the one that sorts tables; the policy in its
 * head forbids both.
 */
export function reportPage(input: ReportInput, figures: ReportFigures): string {
  const { config, summary, evaluations, flow, images } = input;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src ${trustedMarkup(sortScriptSource)}"
        />
        <title>${config.name}: survival classification report</title>
        <style>
          ${trustedMarkup(pageStyle)}
        </style>
      </head>
      <body>
        <header>
          <h1>${config.name}</h1>
          ${standInWarning(images)}
          <p class="lead">${leadText(input)}</p>
        </header>
        ${resultSection(input)} ${noteSection(input)} ${significanceSection(input)}
        ${detachmentSection(input)} ${repeatSection(summary.rows)}
        ${robustnessSection(summary.rows, figures.robustness)} ${latentSection(input, figures)}
        ${figureSection(
          'ROC curves',
          'Test patients. Curves toward the upper left are better; the dashed diagonal is chance.',
          groupsOf(input, figures.roc),
        )}
        ${figureSection(
          'Calibration',
          'Test patients of all folds in ten bins of the predicted probability of death. On the diagonal, as many die as predicted; below it, fewer.',
          groupsOf(input, figures.reliability),
        )}
        ${flowSection(flow, figures.flow)} ${methodSection(input)} ${imageSection(images)}
        ${foldSection(summary.rows, evaluations)}
        ${figureSection(
          'Training',
          'One line per fold. The dot is the epoch whose weights were kept, chosen on validation patients.',
          [{ title: 'Training jobs', open: figures.training.length <= mostOpen, figures: figures.training }],
        )}
        ${heatmapSection(images)}
        <footer class="aside">
          <p>
            The folder figures of the run directory holds every chart as SVG with its numbers as CSV; the
            result table is summary.csv, summary.md and summary.tex.
          </p>
        </footer>
        ${trustedMarkup(`<script>${sortScript}</script>`)}
      </body>
    </html> `;
  return page.markup;
}

/** More charts than these are folded away. */
const mostOpen = 6;

/** Charts of methods, grouped as the result table is. */
function groupsOf({ summary }: ReportInput, figures: readonly MethodFigure[]): FigureGroup[] {
  return tableGroups(summary).map(({ table, about, rows }) => ({
    title: `${table}: ${about}`,
    open: figures.length <= mostOpen,
    figures: figures
      .filter(({ method }) => rows.some((row) => row.method === method))
      .map(({ figure }) => figure),
  }));
}

/** The outcome in two sentences. */
function leadText({ config, summary }: ReportInput): string {
  const { patients, deceased } = summary.cohort;
  const best = summary.rows
    .filter(({ auc }) => auc.mean !== null)
    .sort((a, b) => (b.auc.mean as number) - (a.auc.mean as number))[0];
  const who = `${counted(patients, 'patient')}, ${deceased} deceased, ${counted(config.cv.folds, 'fold')}${config.cv.repeats === 1 ? '' : `, ${config.cv.repeats} times`}.`;
  if (best === undefined) return `${who} No AUC is defined.`;
  const paper = best.paper?.auc
    ? ` The paper reports ${paperText(best.paper.auc)} for it on its cohort.`
    : '';
  const which = summary.rows.length === 1 ? 'AUC of' : 'Highest AUC:';
  return `${who} ${which} ${best.title} ${spreadText(best.auc)} over folds, ${pooledText(best.pooledAuc)} pooled.${paper}`;
}
