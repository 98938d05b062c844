import { experimentText } from './experiment-text.js';
import type { Figure } from './figure.js';
import { figureSection } from './figure-section.js';
import { flowSection } from './flow-section.js';
import { foldSection } from './fold-section.js';
import { heatmapSection } from './heatmap-section.js';
import { html, trustedMarkup, type Html } from './html.js';
import { imageSection } from './image-section.js';
import { noteSection } from './note-section.js';
import { counted, plusMinus, spreadText } from './number-text.js';
import { pageStyle } from './page-style.js';
import type { ReportInput } from './report-input.js';
import { pooledText, resultSection } from './result-section.js';
import { standInWarning } from './stand-in-warning.js';

/**
 * The report as one HTML document: no script, and nothing is fetched, which the policy in its head also forbids.
 */
export function reportPage(
  input: ReportInput,
  figures: { readonly roc: readonly Figure[]; readonly training: readonly Figure[] },
): string {
  const { config, summary, evaluations, flow, images } = input;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"
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
        ${resultSection(summary)} ${experimentSection(input)} ${flowSection(flow)} ${imageSection(images)}
        ${figureSection(
          'ROC curves',
          'Test patients. Curves toward the upper left are better; the dashed diagonal is chance.',
          figures.roc,
        )}
        ${foldSection(summary.rows, evaluations)}
        ${figureSection(
          'Training',
          'One line per fold. The dot is the epoch whose weights were kept, chosen on validation patients.',
          figures.training,
        )}
        ${heatmapSection(images)} ${noteSection(input)}
        <footer class="aside">
          <p>
            The folder figures of the run directory holds every chart as SVG with its numbers as CSV; the
            result table is summary.csv, summary.md and summary.tex.
          </p>
        </footer>
      </body>
    </html> `;
  return page.markup;
}

/** The outcome in two sentences. */
function leadText({ config, summary }: ReportInput): string {
  const { patients, deceased } = summary.cohort;
  const best = summary.rows
    .filter(({ auc }) => auc.mean !== null)
    .sort((a, b) => (b.auc.mean as number) - (a.auc.mean as number))[0];
  const who = `${counted(patients, 'patient')}, ${deceased} deceased, ${counted(config.cv.folds, 'fold')}.`;
  if (best === undefined) return `${who} No AUC is defined.`;
  const paper =
    best.paper.auc === null ? '' : ` The paper reports ${plusMinus(...best.paper.auc)} for it on its cohort.`;
  const which = summary.rows.length === 1 ? 'AUC of' : 'Highest AUC:';
  return `${who} ${which} ${best.title} ${spreadText(best.auc)} over folds, ${pooledText(best.pooledAuc)} pooled.${paper}`;
}

const experimentSection = (input: ReportInput): Html =>
  html`<section>
    <h2>What was run</h2>
    <dl>
      ${experimentText(input).map(
        ([heading, text]) =>
          html`<dt>${heading}</dt>
            <dd>${text}</dd>`,
      )}
    </dl>
  </section>`;
