import { counted } from '../../pipeline/core/wording.js';
import { columnCells, type TypedTable } from '../tables/typed-table.js';
import { standardisedDifference, standardisedShareDifference } from '../stats/standardised-difference.js';
import type { InstanceSpread } from '../bundle/bag-spread.js';
import type { BundleColumn, BundleModality, Distribution } from '../bundle/bundle-data.js';
import { distributionOf } from '../bundle/distribution.js';
import type { Arrays } from '../bundle/open-bundle.js';
import type { Roster } from '../bundle/roster-data.js';
import type { Shift } from './validation-data.js';

/** Absolute standardised difference above which an input is flagged. */
export const mostShift = 0.25;

/** The data from which the shift is computed: how far the inputs of new patients are from those of the training. */
export interface ShiftInput {
  readonly modalities: readonly BundleModality[];
  /** Number of patients of the training. */
  readonly trained: number;
  /** For each bag modality, mean and standard deviation of each dimension over the training patients. */
  readonly reference: Arrays;
  readonly roster: Pick<Roster, 'patients' | 'unread'>;
  readonly tables: ReadonlyMap<string, TypedTable>;
  readonly bags: ReadonlyMap<string, InstanceSpread>;
}

/**
 * How much each input of the predicted patients differs from the same input of the training patients. The largest
 * difference is first.
 */
export function shiftOf(input: ShiftInput): readonly Shift[] {
  const rows = input.modalities.flatMap((modality) =>
    modality.kind === 'table'
      ? modality.columns.map((column, at) => ofColumn(input, modality.id, column, at))
      : [ofBag(input, modality.id)],
  );
  const size = ({ smd, flagged }: Shift): number =>
    smd === null ? (flagged ? Infinity : -1) : Math.abs(smd);
  return rows.sort((a, b) => {
    const [x, y] = [size(a), size(b)];
    return x === y ? 0 : y - x;
  });
}

function ofColumn(
  { roster, tables, trained }: ShiftInput,
  modality: string,
  { name, kind, categories, distribution }: BundleColumn,
  at: number,
): Shift {
  const table = tables.get(modality);
  const wanted = new Set(roster.patients);
  const cells =
    table === undefined
      ? new Float64Array(0)
      : columnCells(
          table,
          at,
          [...table.patients.keys()].filter((row) => wanted.has(table.patients[row] as string)),
        );
  const own = distributionOf(kind, cells);
  const unread = roster.unread.filter((cell) => cell.modality === modality && cell.column === name).length;
  const notes = unread === 0 ? [] : [`${counted(unread, 'cell')} with values that the training did not have`];
  const moments = (of: Distribution | null | undefined) => ({
    mean: of && 'mean' in of ? of.mean : null,
    sd: of && 'mean' in of ? of.sd : null,
  });
  const [before, now] = [moments(distribution), moments(own)];
  const known = {
    ...{ modality, input: name, kind: kind as string },
    ...{ trainingMean: before.mean, trainingSd: before.sd, externalMean: now.mean, externalSd: now.sd },
    trainingKnown: distribution ? distribution.known / trained : null,
    externalKnown: (own?.known ?? 0) / roster.patients.length,
  };
  const missing =
    distribution === undefined
      ? 'the bundle does not hold the spread of its columns'
      : distribution === null
        ? 'the training has no value'
        : own === null
          ? 'no patient has a value'
          : null;
  if (missing !== null) return { ...known, smd: null, flagged: false, note: [missing, ...notes].join('; ') };
  const { smd, note } = compared(distribution as Distribution, own as Distribution, categories);
  return {
    ...{ ...known, smd, flagged: smd === null || Math.abs(smd) > mostShift },
    note: [...note, ...notes].join('; '),
  };
}

function compared(
  training: Distribution,
  external: Distribution,
  categories: readonly string[] | undefined,
): { readonly smd: number | null; readonly note: readonly string[] } {
  if ('mean' in training && 'mean' in external) {
    const smd = standardisedDifference(training, external);
    return { smd, note: smd === null ? ['both are constant, at different values'] : [] };
  }
  const shares = (of: Distribution): ReadonlyMap<number, number> =>
    new Map('shares' in of ? of.shares.map(({ cell, share }) => [cell, share]) : []);
  const [before, now] = [shares(training), shares(external)];
  const cells = [...new Set([...before.keys(), ...now.keys()])].sort((a, b) => a - b);
  const [p, q] = [before, now].map((of) => cells.map((cell) => of.get(cell) ?? 0)) as [number[], number[]];
  const apart = p.map((share, k) => Math.abs((q[k] as number) - share));
  const most = apart.indexOf(Math.max(...apart));
  const cell = cells[most] as number;
  const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
  return {
    smd: standardisedShareDifference(p, q),
    note: [
      `most: ${categories?.[cell] ?? cell}, ${percent(p[most] as number)} in the training and ${percent(q[most] as number)} here`,
    ],
  };
}

function ofBag({ roster, reference, bags }: ShiftInput, modality: string): Shift {
  const [centre, sd] = [reference[`${modality}.mean`]?.data, reference[`${modality}.sd`]?.data];
  const own = bags.get(modality);
  const row = {
    ...{ modality, input: 'mean instance', kind: 'bag' },
    ...{ trainingMean: null, trainingSd: null, externalMean: null, externalSd: null, trainingKnown: null },
    externalKnown: (own?.patients ?? 0) / roster.patients.length,
  };
  if (own === undefined || centre === undefined || sd === undefined)
    return {
      ...{ ...row, smd: null, flagged: false },
      note: own === undefined ? 'no patient has a bag' : 'the bundle does not hold the mean of its bags',
    };
  const sizes = [...own.mean].map((mean, k) => {
    const spread = { mean: centre[k] as number, sd: sd[k] as number };
    const external = { mean, sd: Math.sqrt((own.squares[k] as number) / own.patients) };
    // A dimension with the same constant value in both cohorts has no difference. Rounding to float32 may have changed
    // one of the two values.
    if (spread.sd < 1e-6 && external.sd < 1e-6 && Math.abs(mean - spread.mean) < 1e-5) return 0;
    const smd = standardisedDifference(spread, external);
    return smd === null ? Infinity : Math.abs(smd);
  });
  const finite = sizes.filter(Number.isFinite);
  const smd = finite.length === 0 ? null : finite.reduce((sum, size) => sum + size, 0) / finite.length;
  return {
    ...{ ...row, smd, flagged: smd === null || smd > mostShift || finite.length < sizes.length },
    note: `mean size over ${sizes.length} dimensions, ${sizes.filter((size) => size > mostShift).length} above ${mostShift}`,
  };
}
