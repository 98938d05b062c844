import { daysPer } from '../../pipeline/config/data-schema.js';
import type { Config } from '../../pipeline/config/schema.js';
import { slotsOf, titleOf } from '../../pipeline/config/slots.js';
import type { ModalityId, ModalityKind } from '../../pipeline/core/modality.js';
import type { Patient } from '../cohort/cohort-data.js';
import type { TypedTable } from '../tables/typed-table.js';
import { byOutcome, quartilesOf, type ByOutcome, type Quartiles } from './characteristics.js';

/** A modality, and which patients of the cohort have it. */
export interface ModalityOverview {
  readonly id: ModalityId;
  readonly kind: ModalityKind;
  readonly patients: ByOutcome<number>;
  /** Number of columns of a table. Null for bags. */
  readonly columns: number | null;
  /** Instances per patient, for patients with a bag. Null for tables. */
  readonly instances: ByOutcome<Quartiles | null> | null;
}

/** The data of a run in a few numbers. */
export interface Overview {
  readonly patients: ByOutcome<number>;
  /** Time to the event or the last contact. Null if the experiment names no column of times. */
  readonly followUp: { readonly unit: string; readonly quartiles: ByOutcome<Quartiles | null> } | null;
  /** The modalities, in the order of the experiment. */
  readonly modalities: readonly ModalityOverview[];
}

export function overviewOf(
  config: Config,
  patients: readonly Patient[],
  tables: ReadonlyMap<ModalityId, TypedTable>,
): Overview {
  const countOf = (has: (patient: Patient) => boolean): ByOutcome<number> =>
    byOutcome((keeps) => patients.filter((patient) => keeps(patient.y) && has(patient)).length);
  return {
    patients: countOf(() => true),
    followUp: followUpOf(config, patients),
    modalities: slotsOf(config).map(({ id, kind }) => {
      if (kind === 'bag') {
        const rowsOf = ({ bags }: Patient): number =>
          (bags[id] ?? []).reduce((sum, { rows }) => sum + rows, 0);
        const having = patients.filter((patient) => rowsOf(patient) > 0);
        return {
          ...{ id, kind, columns: null },
          patients: countOf((patient) => rowsOf(patient) > 0),
          instances: byOutcome((keeps) => quartilesOf(having.filter(({ y }) => keeps(y)).map(rowsOf))),
        };
      }
      const table = tables.get(id);
      const rows = new Set(table?.patients);
      return {
        ...{ id, kind, columns: table?.columns.length ?? null, instances: null },
        patients: countOf((patient) => rows.has(patient.id)),
      };
    }),
  };
}

function followUpOf({ data }: Config, patients: readonly Patient[]): Overview['followUp'] {
  const { time } = data.outcome;
  const followed = patients.flatMap(({ y, followUpDays }) =>
    followUpDays === null ? [] : [{ y, days: followUpDays }],
  );
  if (time === null || followed.length === 0) return null;
  return {
    unit: time.unit,
    quartiles: byOutcome((keeps) =>
      quartilesOf(followed.filter(({ y }) => keeps(y)).map(({ days }) => days / daysPer[time.unit])),
    ),
  };
}

/** The names of modalities in the report: their titles, with the id if two have the same title. */
export function titlesOf(config: Config): Readonly<Record<ModalityId, string>> {
  const titles = config.modalities.map((id) => titleOf(config, id));
  return Object.fromEntries(
    config.modalities.map((id, i) => {
      const title = titles[i] ?? id;
      return [id, titles.filter((other) => other === title).length > 1 ? `${title} (${id})` : title];
    }),
  );
}
