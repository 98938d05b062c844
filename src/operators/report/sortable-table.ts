import { html, type Html } from './html.js';

/** A heading that the script of the page makes a button. The first click sorts in the given order. */
export const heading = (title: string, first: 'ascending' | 'descending'): Html =>
  html`<th scope="col" data-sort="${first}">${title}</th>`;

/** A cell and the number to sort it by. A cell without a number is sorted last. */
export const numberCell = (text: string, value: number | null, kind = ''): Html => {
  const known = value === null ? html`` : html` data-value="${value}"`;
  const styled = kind === '' ? html`` : html` class="${kind}"`;
  return html`<td${styled}${known}>${text}</td>`;
};

/** The heading of a row. */
export const rowHeading = (title: string): Html => html`<th scope="row" data-value="${title}">${title}</th>`;
