import type { Figure } from './figure.js';
import { html, trustedMarkup, type Html } from './html.js';

/** Charts side by side, as many as the page is wide; nothing where there are none. */
export const figureSection = (title: string, about: string, figures: readonly Figure[]): Html =>
  figures.length === 0
    ? html``
    : html`<section>
        <h2>${title}</h2>
        <p class="aside">${about}</p>
        <div class="figures">${figures.map(({ svg }) => html`<figure>${trustedMarkup(svg)}</figure>`)}</div>
      </section>`;
