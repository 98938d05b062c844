import type { Figure } from './figure.js';
import { html, trustedMarkup, type Html } from './html.js';

/** One chart of the page. Wide charts scroll on narrow screens. */
export const figureOf = ({ name, svg, wide }: Figure): Html =>
  html`<figure id="${name}" class="${wide === true ? 'wide' : 'small'}">${trustedMarkup(svg)}</figure>`;

/** Small charts side by side, as many as fit into the width of the page. */
export const figureGrid = (figures: readonly Figure[]): Html =>
  figures.length === 0 ? html`` : html`<div class="figures">${figures.map(figureOf)}</div>`;

/** A group of charts. It is collapsed behind its title unless `open` is set. */
export interface FigureGroup {
  readonly title: string;
  readonly open: boolean;
  readonly figures: readonly Figure[];
}

/** A section of small charts in groups. Empty without charts. */
export function figureSection(title: string, about: string, groups: readonly FigureGroup[]): Html {
  const shown = groups.filter(({ figures }) => figures.length > 0);
  if (shown.length === 0) return html``;
  return html`<section>
    <h2>${title}</h2>
    <p class="aside">${about}</p>
    ${shown.map((group) =>
      shown.length === 1 && group.open
        ? figureGrid(group.figures)
        : html`<details${trustedMarkup(group.open ? ' open' : '')}>
            <summary>${group.title} (${group.figures.length})</summary>
            ${figureGrid(group.figures)}
          </details>`,
    )}
  </section>`;
}
