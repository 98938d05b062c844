import type { TableDeclaration } from '../../pipeline/config/data-schema.js';
import type { Config } from '../../pipeline/config/schema.js';
import type { ModalityId } from '../../pipeline/core/modality.js';
import { idColumnOf, idRuleOf } from '../../pipeline/core/naming.js';
import { readTextTable, type TextTable } from './text-table.js';

/** The keys of a table's declaration that decide how its files are read. */
export type TextKeys = Pick<TableDeclaration, 'id' | 'sheet' | 'delimiter' | 'decimal'>;

/** Reads the files of one table modality as tables of texts, in the given order. */
export const modalityTexts = (
  modality: ModalityId,
  files: readonly { readonly name: string; readonly path: string }[],
  { id, sheet, delimiter, decimal }: TextKeys,
  { layout, patients }: Pick<Config['data'], 'layout' | 'patients'>,
): Promise<readonly TextTable[]> =>
  Promise.all(
    files.map(({ name, path }) =>
      readTextTable(path, {
        ...{ name, sheet, delimiter, decimal, missing: patients.missing },
        ...idColumnOf(patients, { id, key: `data.modalities.${modality}.id` }),
        patientOf: idRuleOf(layout),
      }),
    ),
  );
