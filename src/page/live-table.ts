import { el, fill, row, scrolling, section, setAttribute, setText, table } from './dom.js';

/** A column of a table whose rows are added and removed while the page is open. */
export interface LiveColumn<T> {
  readonly title: string;
  /**
   * Whether the cells are words: left-aligned, with line breaks.
   * @default numbers
   */
  readonly words?: true;
  /** The current text of the cell. */
  readonly show?: (item: T) => string;
  /** A state that determines the colour of the cell. */
  readonly state?: (item: T) => string;
  /** Fills the cell once with content that does not change. */
  readonly make?: (cell: HTMLElement, item: T) => void;
}

export interface LiveTable<T> {
  readonly element: HTMLElement;
  readonly update: (items: readonly T[]) => void;
}

/**
 * A section with a table of one row per item, or a sentence if there are no items. Each key keeps its row element, so focus and
 * selection survive an update.
 */
export function liveTable<T>(
  about: { readonly title: string; readonly caption: string; readonly none: string },
  columns: readonly LiveColumn<T>[],
  keyOf: (item: T) => string,
  mark: (line: HTMLElement, item: T) => void = () => undefined,
): LiveTable<T> {
  const inWords = columns.flatMap(({ words }, at) => (words ? [at] : []));
  const { table: element, body } = table(
    about.caption,
    columns.map(({ title }) => title),
    inWords,
  );
  const none = el('p', { class: 'soft' }, about.none);
  const box = scrolling(about.title, element);
  const make = (item: T): HTMLTableRowElement => {
    const line = row(columns.length, inWords);
    mark(line, item);
    columns.forEach(({ make: begin }, at) => {
      const cell = line.cells[at];
      if (cell) begin?.(cell, item);
    });
    return line;
  };
  const refresh = (line: HTMLTableRowElement, item: T): void =>
    columns.forEach(({ show, state, words }, at) => {
      const cell = line.cells[at];
      if (!cell) return;
      if (show) setText(cell, show(item));
      if (state) setAttribute(cell, 'class', `${words ? 'text ' : ''}state-${state(item)}`);
    });
  return {
    element: section(about.title, box, none),
    update: (items) => {
      none.hidden = items.length > 0;
      box.hidden = items.length === 0;
      fill(body, items, keyOf, make, refresh);
    },
  };
}
