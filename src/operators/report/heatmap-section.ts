import type { OutcomeWords } from '../cohort/cohort-data.js';
import { html, type Html } from './html.js';
import type { HeatmapLink, ImageInput } from './image-input.js';
import type { ReportInput } from './report-input.js';

type Names = Pick<ReportInput, 'outcome' | 'titles'>;

/** Number of heatmaps that are linked as examples, for each modality and outcome. */
const examples = 3;

/** Links to a few heatmaps of the run directory. Empty if no instance has coordinates. */
export function heatmapSection({ heatmaps }: ImageInput, { outcome, titles }: Names): Html {
  if (heatmaps.length === 0) return html``;
  const lists = [...new Set(heatmaps.map(({ modality }) => modality))].flatMap((modality) => {
    const own = heatmaps.filter((link) => link.modality === modality);
    const chosen = ([1, 0] as const).flatMap((y) => own.filter((link) => link.y === y).slice(0, examples));
    return chosen.length === 0
      ? []
      : [
          html`<li>
            ${titles[modality] ?? modality}:
            ${chosen.map((link, i) => linkOf(link, outcome, i === chosen.length - 1 ? '' : ','))}
          </li>`,
        ];
  });
  return html`<section>
    <h2>Heatmaps</h2>
    <p class="aside">
      The attention of Stage 1 in the bags of test patients. The folder heatmaps of the run directory holds a
      picture and a table of raw scores per test patient; for example:
    </p>
    <ul>
      ${lists}
    </ul>
  </section>`;
}

const linkOf = ({ path, patient, y }: HeatmapLink, outcome: OutcomeWords, after: string): Html =>
  html`<a href="${path}">${patient}</a> (${y === 1 ? outcome.positive : outcome.negative})${after}`;
