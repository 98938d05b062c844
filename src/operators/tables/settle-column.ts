import { inferColumn, refuseWords } from './infer-column.js';
import { settleNumbers } from './settle-numbers.js';
import { coded, settleBinary, settleListed, settleNominal } from './settle-words.js';
import type { ColumnDeclaration, ColumnKind, ColumnView, Settled } from './typed-column.js';

/** Decides the kind and the cells of a column, given its declaration. */
export function settleColumn(view: ColumnView, declared: ColumnDeclaration, keepConstant: boolean): Settled {
  if (typeof declared === 'object')
    return 'ordinal' in declared
      ? settleListed(view, 'ordinal', declared.ordinal, keepConstant)
      : settleListed(view, 'nominal', declared.nominal, keepConstant);
  const settled = settle(view, declared);
  return settled.type === 'left' && keepConstant ? keep(view, declared) : settled;
}

/** The declaration of a column without a list of values. */
type Unlisted = Extract<ColumnDeclaration, string>;

function settle(view: ColumnView, declared: Unlisted): Settled {
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
function keep(view: ColumnView, declared: Unlisted): Settled {
  const { name } = view;
  const input = (kind: ColumnKind): Settled => ({
    type: 'input',
    column: { name, kind, inferred: declared === 'infer' },
  });
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
