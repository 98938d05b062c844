import { createHash } from 'node:crypto';

/**
 * The only script of the report: it turns the headings of sortable tables into buttons. Rows are sorted within their group (`tbody`)
 * by the `data-value` or text of the cell. Cells without a value come last. Rows of class `head` stay first, rows of class `foot`
 * last.
 */
export const sortScript = `
for (const table of document.querySelectorAll('table.sortable')) {
  const heads = [...table.querySelectorAll('th[data-sort]')];
  for (const head of heads) {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...head.childNodes);
    head.append(button);
    head.setAttribute('aria-sort', 'none');
    button.addEventListener('click', () => {
      const other = { ascending: 'descending', descending: 'ascending' };
      const order = other[head.getAttribute('aria-sort')] ?? head.dataset.sort;
      for (const each of heads) each.setAttribute('aria-sort', each === head ? order : 'none');
      const valueOf = (row) => row.cells[head.cellIndex]?.dataset.value;
      const compare = (a, b) => {
        if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
        const ascending = isNaN(a) || isNaN(b) ? a.localeCompare(b) : a - b;
        return order === 'ascending' ? ascending : -ascending;
      };
      for (const body of table.tBodies) {
        const rows = [...body.rows].filter((row) => row.className !== 'head' && row.className !== 'foot');
        const end = [...body.rows].find((row) => row.className === 'foot') ?? null;
        for (const row of rows.sort((a, b) => compare(valueOf(a), valueOf(b)))) body.insertBefore(row, end);
      }
    });
  }
}
`;

/** The source expression of a content security policy that allows only this script. */
export const sortScriptSource = `'sha256-${createHash('sha256').update(sortScript).digest('base64')}'`;
