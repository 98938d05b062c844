import { visibleInLine } from '../pipeline/core/visible.js';

type Attribute = string | number | boolean | null;

/**
 * An element with attributes and children. Strings become text nodes, so markup in a name is shown and not
 * interpreted. Characters that would change the direction of text are shown as escape codes.
 */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, Attribute>> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
  element.append(...children.map((child) => (typeof child === 'string' ? visibleInLine(child) : child)));
  return element;
}

export function setAttribute(element: Element, name: string, value: Attribute): void {
  if (value === null || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? '' : visibleInLine(String(value)));
}

/** Sets the text of an element only if it differs: an unchanged node keeps focus and selection. */
export function setText(element: Element, text: string): void {
  const shown = visibleInLine(text);
  if (element.textContent !== shown) element.textContent = shown;
}

/** A text with control characters made visible, for places that hold no element, such as an attribute. */
export const shown = visibleInLine;

/** A heading with content below it. */
export const section = (title: string, ...content: readonly Node[]): HTMLElement =>
  el('section', {}, el('h2', {}, title), ...content);

/** A wide table in a box that can also be scrolled by keyboard. */
export const scrolling = (label: string, content: Node): HTMLElement =>
  el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': label }, content);

/** A table with a header row. The columns in `text` are left-aligned and may wrap. */
export function table(
  caption: string,
  heads: readonly string[],
  text: readonly number[] = [],
): { table: HTMLTableElement; body: HTMLTableSectionElement; head: HTMLTableRowElement } {
  const body = el('tbody');
  const head = el(
    'tr',
    {},
    ...heads.map((title, at) => el('th', { scope: 'col', class: text.includes(at) ? 'text' : null }, title)),
  );
  return { table: el('table', {}, el('caption', {}, caption), el('thead', {}, head), body), body, head };
}

/**
 * Makes the children of an element match a list. A child with the same key stays the same node, so that focus,
 * selection and scroll position survive an update.
 */
export function fill<T, E extends Element>(
  parent: Element,
  items: readonly T[],
  keyOf: (item: T) => string,
  make: (item: T) => E,
  update: (element: E, item: T) => void,
): void {
  const kept = (made.get(parent) ?? new Map()) as Map<string, E>;
  const next = new Map<string, E>();
  let place: Element | null = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    const element = kept.get(key) ?? make(item);
    next.set(key, element);
    update(element, item);
    if (element === place) place = place.nextElementSibling;
    else parent.insertBefore(element, place);
  }
  for (const [key, element] of kept) if (next.get(key) !== element) element.remove();
  made.set(parent, next);
}
const made = new WeakMap<Element, Map<string, Element>>();

/** Sets the texts of the cells of a row. The row must have one cell for each text. */
export function setCells(row: HTMLTableRowElement, texts: readonly string[]): void {
  texts.forEach((text, at) => {
    const cell = row.cells[at];
    if (cell) setText(cell, text);
  });
}

/** A row whose first cell is its heading. */
export const row = (cells: number, text: readonly number[] = []): HTMLTableRowElement =>
  el(
    'tr',
    {},
    el('th', { scope: 'row' }),
    ...Array.from({ length: cells - 1 }, (_, at) =>
      el('td', { class: text.includes(at + 1) ? 'text' : null }),
    ),
  );
