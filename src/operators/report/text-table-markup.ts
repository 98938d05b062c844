import type { PrintedTable } from '../evaluation/text-tables.js';
import { html, type Html } from './html.js';

/** A table of formatted cells as markup. The first cell of each row is the heading of the row. */
export const textTableOf = ({ headings, rows }: PrintedTable): Html =>
  html`<div class="scroll">
    <table>
      <thead>
        <tr>
          ${headings.map((text) => html`<th scope="col">${text}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ([first, ...cells]) =>
            html`<tr>
              <th scope="row">${first ?? ''}</th>
              ${cells.map((cell) => html`<td>${cell}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
