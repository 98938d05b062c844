import { el, scrolling, setAttribute, setText } from './dom.js';
import { counted } from './text.js';

export interface Column<T> {
  readonly title: string;
  /** The value by which rows are sorted. null comes last. */
  readonly value: (row: T) => string | number | null;
  /**
   * The text of the cell.
   * @default the value
   */
  readonly text?: (row: T) => string;
  readonly link?: (row: T) => string | null;
}

const rowsAtOnce = 100;
const shortText = 36;
const collator = new Intl.Collator('en', { numeric: true });

/** A table that can be sorted by its headings and filtered by a text. Only one page of rows is in the document. */
export function dataGrid<T>(caption: string, columns: readonly Column<T>[], rows: readonly T[]): HTMLElement {
  const textOf = (column: Column<T>, row: T): string => column.text?.(row) ?? String(column.value(row) ?? '');
  const searched = rows.map((row) =>
    columns
      .map((column) => textOf(column, row))
      .join('\n')
      .toLowerCase(),
  );
  let [page, sorted, falling] = [0, -1, false];
  const filter = el('input', { type: 'search', autocomplete: 'off' });
  const count = el('span', { class: 'soft', role: 'status' });
  const [before, after] = [
    el('button', { type: 'button' }, 'Previous'),
    el('button', { type: 'button' }, 'Next'),
  ];
  const body = el('tbody');
  const numeric = columns.map((column) => rows.every((row) => typeof column.value(row) !== 'string'));
  /** A text column may wrap only if one of its texts is long. */
  const kinds = columns.map((column, at) =>
    numeric[at] ? null : rows.every((row) => textOf(column, row).length <= shortText) ? 'text short' : 'text',
  );
  const heads = columns.map(({ title }, at) => {
    const button = el('button', { type: 'button' }, title);
    button.addEventListener('click', () => {
      // The first sort of numbers is descending, that of words is ascending.
      falling = sorted === at ? !falling : numeric[at] === true;
      [sorted, page] = [at, 0];
      draw();
    });
    return el('th', { scope: 'col', class: kinds[at] ?? null }, button);
  });

  const chosen = (): readonly T[] => {
    const wanted = filter.value.trim().toLowerCase();
    const found = rows.filter((_, at) => wanted === '' || searched[at]?.includes(wanted));
    const column = columns[sorted];
    if (column === undefined) return found;
    const order = falling ? -1 : 1;
    return [...found].sort((a, b) => {
      const [left, right] = [column.value(a), column.value(b)];
      if (left === null || right === null) return Number(left === null) - Number(right === null);
      const ascending =
        typeof left === 'number' && typeof right === 'number'
          ? left - right
          : collator.compare(String(left), String(right));
      return order * ascending;
    });
  };
  const cellOf = (row: T, column: Column<T>, at: number): HTMLElement => {
    const text = textOf(column, row);
    const link = column.link?.(row) ?? null;
    const content = link === null ? text : el('a', { href: link }, text);
    if (at === 0) return el('th', { scope: 'row' }, content);
    return el('td', { class: kinds[at] ?? null }, content);
  };
  const draw = (): void => {
    const found = chosen();
    const pages = Math.max(1, Math.ceil(found.length / rowsAtOnce));
    page = Math.min(page, pages - 1);
    const from = page * rowsAtOnce;
    const shown = found.slice(from, from + rowsAtOnce);
    body.replaceChildren(
      ...shown.map((row) => el('tr', {}, ...columns.map((column, at) => cellOf(row, column, at)))),
    );
    heads.forEach((head, at) =>
      setAttribute(head, 'aria-sort', at !== sorted ? 'none' : falling ? 'descending' : 'ascending'),
    );
    const part = pages > 1 ? `${from + 1} to ${from + shown.length} of ` : '';
    setText(count, `${part}${counted(found.length, 'row')}`);
    before.hidden = after.hidden = pages === 1;
    before.disabled = page === 0;
    after.disabled = page === pages - 1;
  };
  filter.addEventListener('input', () => {
    page = 0;
    draw();
  });
  before.addEventListener('click', () => {
    page--;
    draw();
  });
  after.addEventListener('click', () => {
    page++;
    draw();
  });
  draw();
  return el(
    'div',
    {},
    el('div', { class: 'controls' }, el('label', {}, 'Filter', filter), count, before, after),
    scrolling(
      caption,
      el(
        'table',
        { class: 'grid' },
        el('caption', {}, caption),
        el('thead', {}, el('tr', {}, ...heads)),
        body,
      ),
    ),
  );
}
