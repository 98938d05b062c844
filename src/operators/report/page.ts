import { calibrationSection } from './calibration-section.js';
import { characteristicsSection } from './characteristics-section.js';
import { dataSummary } from './data-summary.js';
import { detachmentSection } from './detachment-section.js';
import { figureSection, type FigureGroup } from './figure-section.js';
import { flowSection } from './flow-section.js';
import { foldSection } from './fold-section.js';
import { heatmapSection } from './heatmap-section.js';
import { html, trustedMarkup, type Html } from './html.js';
import { imageSection } from './image-section.js';
import { latentSection } from './latent-section.js';
import { methodSection } from './method-section.js';
import { noteSection } from './note-section.js';
import { counted } from '../../pipeline/core/wording.js';
import { paperText, spreadText } from './number-text.js';
import { pageStyle } from './page-style.js';
import { repeatSection } from './repeat-section.js';
import { recommendation } from './recommendation.js';
import type { MethodFigure, ReportFigures } from './report-figures.js';
import type { ReportInput } from './report-input.js';
import { pooledText, resultSection } from './result-section.js';
import { robustnessSection } from './robustness-section.js';
import { significanceSection } from './significance-section.js';
import { methodGroupOf, methodGroupTitles, type MethodGroup } from './row-groups.js';
import { runFactsPlace } from './report-data.js';
import { sortScript, sortScriptSource } from './sort-script.js';
import { subgroupSection } from './subgroup-section.js';
import { survivalSection } from './survival-section.js';
import { standInWarning } from './stand-in-warning.js';

/**
 * The report as one HTML document. It loads nothing, and its only script sorts tables. A content security policy in its
 * head forbids everything else.
 */
export function reportPage(input: ReportInput, figures: ReportFigures): string {
  const { config, summary, evaluations, images, outcome } = input;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src ${trustedMarkup(sortScriptSource)}"
        />
        <title>${config.name}: classification report</title>
        <style>
          ${trustedMarkup(pageStyle)}
        </style>
      </head>
      <body>
        <header>
          <h1>${config.name}</h1>
          ${runFactsPlace} ${standInWarning(input)} ${dataSummary(input)} ${leadText(input)}
        </header>
        ${summary.survival === undefined ? resultSection(input) : survivalSection(input)}
        ${recommendation(input)} ${calibrationSection(input)} ${subgroupSection(input)} ${noteSection(input)}
        ${significanceSection(input)} ${detachmentSection(input)} ${repeatSection(summary.rows)}
        ${robustnessSection(input, figures.robustness)} ${latentSection(input, figures)}
        ${figureSection(
          'ROC curves',
          'Test patients. Curves toward the upper left are better; the dashed diagonal is chance.',
          groupsOf(figures.roc, 'fusion'),
        )}
        ${figureSection(
          'Calibration',
          `Test patients of all folds in ten bins of the predicted probability of ${outcome.positive}. On the diagonal, predicted and observed shares agree; below it, the prediction is too high.`,
          groupsOf(figures.reliability, null),
        )}
        ${figureSection(
          'Time to the event',
          summary.survival === undefined
            ? 'Kaplan-Meier curves with 95 % bands, numbers at risk below. Groups of test patients are cut at the median score of the validation patients of their fold.'
            : "Kaplan-Meier curves with 95 % bands, numbers at risk below. Risk groups are cut at the median risk of the fold's training patients; test patients are shown.",
          [
            {
              title: 'Cohort and horizons',
              open: true,
              figures: [figures.survival.cohort, figures.survival.horizons].filter(
                (figure) => figure !== null,
              ),
            },
            ...groupsOf(figures.survival.groups, null),
          ],
        )}
        ${figureSection(
          'Calibration at horizons',
          'Test patients in groups of equal size by their predicted share with the event. On the diagonal, predicted and observed shares agree.',
          groupsOf(figures.survival.calibration, null),
        )}
        ${flowSection(input, figures.flow)} ${characteristicsSection(input)} ${methodSection(input)}
        ${imageSection(input)}
        ${summary.survival === undefined ? foldSection(summary.rows, evaluations, outcome, input.foldGroups) : ''}
        ${figureSection(
          'Training',
          'One line per fold. The dot is the epoch whose weights were kept, chosen on validation patients.',
          [{ title: 'Training jobs', open: figures.training.length <= mostOpen, figures: figures.training }],
        )}
        ${heatmapSection(images, input)}
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

/** If a section has more charts than this, all its groups except the main one are collapsed. */
const mostOpen = 6;

/**
 * Charts of methods, grouped by what the methods read. The group `main` is always open. The other groups are open only
 * if `figures` has few charts in total.
 */
function groupsOf(figures: readonly MethodFigure[], main: MethodGroup | null): FigureGroup[] {
  return (Object.keys(methodGroupTitles) as MethodGroup[]).map((group) => ({
    title: methodGroupTitles[group],
    open: group === main || figures.length <= mostOpen,
    figures: figures.filter(({ method }) => methodGroupOf(method) === group).map(({ figure }) => figure),
  }));
}

/**
 * The result of the reference method, which the experiment names before training. Showing the best of all rows would be a choice by
 * test data.
 */
function leadText({ config, summary }: ReportInput): Html {
  const row = summary.rows.find(({ method }) => method === config.stats.reference);
  const c = row?.survival?.c;
  if (row !== undefined && c !== undefined && c.mean !== null)
    return html`<p class="lead">
      Test C of ${row.title}, the reference method of this experiment: ${spreadText(c)} over
      ${counted(c.folds, 'fold')}.
    </p>`;
  if (row === undefined || row.auc.mean === null) return html``;
  const paper = row.paper?.auc ? ` The paper reports ${paperText(row.paper.auc)} for it on its cohort.` : '';
  return html`<p class="lead">
    Test AUC of ${row.title}, the reference method of this experiment: ${spreadText(row.auc)} over
    ${counted(row.auc.folds, 'fold')}, ${pooledText(row.pooledAuc)} pooled.${paper}
  </p>`;
}
