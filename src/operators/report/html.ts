/** Markup that can be put into a page without escaping. Only `html` and `trustedMarkup` create it. */
export interface Html {
  readonly markup: string;
}

type Value = string | number | Html | readonly Html[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes text for use as element content or in a quoted attribute. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => entities[character] ?? character);

/**
 * A piece of a page. Everything inserted into it is escaped, unless it is markup itself.
 *
 * @example html`<td>${patient.name}</td>`
 */
export const html = (strings: TemplateStringsArray, ...values: readonly Value[]): Html => ({
  markup: String.raw({ raw: strings }, ...values.map(markupOf)),
});

/** Marks markup of a trusted source that escapes its inputs itself, such as a chart renderer. */
export const trustedMarkup = (markup: string): Html => ({ markup });

function markupOf(value: Value): string {
  if (typeof value === 'string' || typeof value === 'number') return escapeHtml(String(value));
  return 'markup' in value ? value.markup : value.map(({ markup }) => markup).join('\n');
}
