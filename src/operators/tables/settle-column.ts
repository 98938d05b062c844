import { inferColumn, refuseWords } from './infer-column.js';
import { settleNumbers } from './settle-numbers.js';
import { coded, settleBinary, settleListed, settleNominal } from './settle-words.js';
import type { ColumnDeclaration, ColumnKind, ColumnView, Settled } from './typed-column.js';

/** Decides the kind and the cells of a column, given its declaration. */
export function settleColumn(view: ColumnView, declared: ColumnDeclaration, keepConstant: boolean): Settled {
  const settled = settle(view, declared);
  return settled.type === 'left' && keepConstant ? keep(view, declared) : settled;
}

function settle(view: ColumnView, declared: ColumnDeclaration): Settled {
  if (typeof declared === 'object')
    return 'ordinal' in declared
      ? settleListed(view, 'ordinal', declared.ordinal)
      : settleListed(view, 'nominal', declared.nominal);
  switch (declared) {
    case 'numeric':
    case 'ordinal':
      return settleNumbers(view, declared, false);
    case 'binary':
      return settleBinary(view, false);
    case 'nominal':
      return (view.named ? null : refuseWords(view)) ?? settleNominal(view, false);
    case 'ignore':
    case 'infer':
      return inferColumn(view);
  }
}

/** Keeps a column with one value or none as an input of the declared kind. */
function keep(view: ColumnView, declared: ColumnDeclaration): Settled {
  const { name } = view;
  const input = (kind: ColumnKind): Settled => ({
    type: 'input',
    column: { name, kind, inferred: declared === 'infer' },
  });
  if (typeof declared === 'object') {
    const kind = 'ordinal' in declared ? 'ordinal' : 'nominal';
    const list = 'ordinal' in declared ? declared.ordinal : declared.nominal;
    const codeOf = new Map(list.map((value, code) => [String(value), code]));
    const cells = Float64Array.from(view.words(), (word) => codeOf.get(word) ?? NaN);
    return { type: 'input', column: { name, kind, categories: list.map(String), inferred: false }, cells };
  }
  const { categories, cells } = coded(view);
  if (declared === 'nominal' || view.texts > 0)
    return {
      ...{ type: 'input', cells },
      column: {
        name,
        kind: declared === 'binary' ? 'binary' : 'nominal',
        categories: [...categories],
        inferred: false,
      },
    };
  return input(declared === 'infer' || declared === 'ignore' ? 'numeric' : declared);
}
