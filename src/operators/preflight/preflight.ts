import type { TableDeclaration } from '../../pipeline/config/data-schema.js';
import type { Config } from '../../pipeline/config/schema.js';
import { bagOf, globOf, slotsOf, tableOf } from '../../pipeline/config/slots.js';
import { HafError } from '../../pipeline/core/errors.js';
import type { ModalityId, ModalityKind } from '../../pipeline/core/modality.js';
import type { Problem } from '../../pipeline/core/problem.js';
import type { SourceFile } from '../../pipeline/stage.js';
import { readModalityTable } from '../cohort/read-modality-table.js';
import { readOutcome, type ReadOutcome } from '../cohort/read-outcome.js';
import { faultsError, type TableFault } from '../tables/table-fault.js';
import type { LeftOut, TypedTable } from '../tables/typed-table.js';
import { bagPatients, type BagFilesOf } from './bag-patients.js';
import { strangersText } from '../../pipeline/core/stranger.js';
import { dividingColumns } from '../subgroups/subgroup-columns.js';
import { judgeFolds } from './fold-sizes.js';
import { judgeGroups, readGroups } from './groups.js';
import { joinedByChance } from './hancock-joins.js';
import { joinOf, type Join } from './joins.js';
import { leaksOf, type Leak } from './leak.js';
import { oddFiles } from './odd-files.js';
import { twinFiles } from './twin-files.js';
import { unusableFeatures } from './unusable-features.js';

/** The files of an experiment after they were found and hashed. */
export interface PreflightFiles {
  readonly outcome: readonly SourceFile[];
  readonly tables: readonly { readonly modality: ModalityId; readonly sources: readonly SourceFile[] }[];
  readonly bags: readonly BagFilesOf[];
  /** Problems from the search for files: files that cannot be used, and rows and files that are not used. */
  readonly unreadable: readonly Problem[];
}

/** The table of a modality, as the checks before a run have read it. */
export interface CheckedTable {
  readonly modality: ModalityId;
  readonly table: TypedTable;
  /** Columns that are not used as inputs, each with the reason. */
  readonly left: readonly LeftOut[];
}

/** The results of the checks before a run. */
export interface Preflight {
  readonly outcome: ReadOutcome;
  readonly tables: readonly CheckedTable[];
  readonly joins: readonly Join[];
  /** Things that a user should check. None of them ends the run. */
  readonly warnings: readonly Problem[];
  /** Faults that would make the results wrong. Each of them makes `up` fail before any job runs. */
  readonly refusals: readonly HafError[];
  /** For each modality the patients who have it, according to the rows of its table or the names of its files. */
  readonly holders: ReadonlyMap<
    ModalityId,
    { readonly kind: ModalityKind; readonly ids: ReadonlySet<string> }
  >;
  /** The group of each patient with `cv.mode: groups`. Null in any other mode. */
  readonly groups: ReadonlyMap<string, string> | null;
  /**
   * Number of patients with a known outcome, by how many modalities they have. Index 0 counts patients without any
   * modality.
   */
  readonly patientsByModalities: readonly number[];
}

/**
 * Reads tables and file names as `up` does, and compares the ids of all of them. `inspect`, `plan` and `up` make the
 * same checks: if `inspect` finds no fault, `up` accepts the data.
 */
export async function preflight(config: Config, files: PreflightFiles): Promise<Preflight> {
  const { data } = config;
  const [source] = files.outcome;
  if (source === undefined) throw new Error('The preflight was given no outcome table');
  const outcome = await readOutcome(source, data);
  const faults: TableFault[] = [...outcome.faults];
  const refusals: HafError[] = [];
  const warnings: Problem[] = [...outcome.problems.filter(({ severity }) => severity !== 'info')];
  const tables: CheckedTable[] = [];
  const written = [...outcome.writtenIds];
  for (const { modality, sources } of files.tables) {
    const declared: TableDeclaration = tableOf(config, modality);
    const read = await readModalityTable(modality, declared, sources, data);
    faults.push(...read.faults);
    warnings.push(...read.problems);
    written.push(...read.writtenIds);
    if (read.table !== null) tables.push({ modality, table: read.table, left: read.left });
  }
  const grouping = await readGroups(config, files);
  faults.push(...(grouping?.faults ?? []));
  // One table may hold the outcome and a modality. Its faults are reported once.
  const told = [...new Map(faults.map((fault) => [JSON.stringify(fault), fault])).values()];
  if (told.length > 0) refusals.push(faultsError(told));

  const labels = new Map(outcome.patients.map(({ id, y }) => [id, y]));
  // The id of a patient with an unknown outcome is right, so it counts as known. The patient is reported when the
  // outcome table is read.
  const known = new Set([...labels.keys(), ...outcome.unlabelled]);
  const joins: Join[] = [];
  const holders = new Map<ModalityId, { readonly kind: ModalityKind; readonly ids: ReadonlySet<string> }>();
  for (const { id: modality, kind } of slotsOf(config)) {
    const table = tables.find((one) => one.modality === modality)?.table;
    if (kind === 'table' && table === undefined) continue;
    const bags = files.bags.filter((one) => one.modality === modality);
    const named = bagPatients(bags);
    const ids = table === undefined ? named.ids : new Set(table.patients);
    warnings.push(...named.unreadable);
    const place =
      kind === 'table'
        ? [tableOf(config, modality).file].flat().join(', ')
        : globOf(bagOf(config, modality)).pattern;
    const count =
      kind === 'table'
        ? [tableOf(config, modality).file].flat().length
        : bags.flatMap(({ sources }) => sources).length;
    joins.push(joinOf({ modality, kind, place, files: count }, ids, known));
    holders.set(modality, { kind, ids });
    if (kind === 'bag') {
      const twins = twinFiles(
        modality,
        `data.modalities.${modality}.${globOf(bagOf(config, modality)).key}`,
        bags,
      );
      warnings.push(...oddFiles(modality, bags), ...twins.warnings);
      refusals.push(...twins.refusals);
    }
  }
  // If any table has faults, the ids and outcomes of all tables are not judged: further findings would most likely be
  // effects of these faults.
  const readable = told.length === 0;
  if (readable && known.size > 0 && !data.patients.allowUnmatched)
    refusals.push(...joins.flatMap((join) => refused(join)));
  if (readable && outcome.patients.length > 0 && new Set(labels.values()).size === 1)
    refusals.push(oneClass(outcome));
  if (readable) warnings.push(...judgeFolds(outcome, config));
  const groups = grouping?.groups ?? null;
  if (groups !== null && readable) {
    const judged = judgeGroups(groups, [...labels.keys()], config.cv);
    refusals.push(...judged.refusals);
    warnings.push(...judged.warnings);
  }
  const byChance = data.layout === 'hancock' ? joinedByChance(written, files.bags) : null;
  if (byChance !== null) refusals.push(byChance);
  // Only tables that are inputs are searched for columns that reveal the outcome. A table for grouping may hold the
  // outcome, because no model is trained on it.
  const inputs = tables.filter(({ modality }) => slotsOf(config).some(({ id }) => id === modality));
  const leaks = inputs.flatMap(({ modality, table }) =>
    leaksOf(
      modality,
      table,
      labels,
      [data.outcome.event?.column, data.outcome.time?.column].filter((name) => name !== undefined),
      data.outcome.allowPredictors,
    ),
  );
  if (readable) refusals.push(...undivided(config, tables));
  if (readable && leaks.length > 0) refusals.push(leakError(leaks));
  // Rows and files that are not used are warnings. A file that cannot be used is reported separately, as a failure.
  warnings.push(...files.unreadable.filter(({ severity }) => severity !== 'failure'));
  return {
    ...{ outcome, tables, joins, holders, warnings, refusals, groups },
    patientsByModalities: countHeld(
      labels,
      [...holders.values()].map(({ ids }) => ids),
    ),
  };
}

/**
 * Reads a few feature files of each given modality on trial. Returns the errors; none if the files fit the experiment.
 */
export async function tryFeatures(
  config: Config,
  files: Pick<PreflightFiles, 'bags'>,
  modalities: readonly ModalityId[],
): Promise<readonly HafError[]> {
  const tried = modalities.map((modality) =>
    unusableFeatures(
      config,
      modality,
      files.bags.filter((one) => one.modality === modality),
    ),
  );
  return (await Promise.all(tried)).filter((error) => error !== null);
}

/**
 * The error if less than half of the patients of a modality are in the outcome table. Most likely the modality and the
 * outcome table write the ids differently.
 */
function refused(join: Join): readonly HafError[] {
  const { modality, kind, patients, matched, unmatched } = join;
  if (2 * matched >= patients && patients > 0) return [];
  const key = `data.modalities.${modality}`;
  const what =
    kind === 'table'
      ? `${patients} rows of ${join.place}`
      : `${patients} patients that the files of ${join.place} name`;
  return [
    new HafError(
      'HAF_JOIN_REFUSED',
      `${modality}: only ${matched} of the ${what} are in the outcome table; not there: ${strangersText(unmatched)}. In the outcome table: ${strangersText(join.lacking)}.`,
      `Check how ids are written and ${kind === 'table' ? `${key}.id` : `${key}.patient`}; if this is how the data are, set data.patients.allowUnmatched: true.`,
      { context: { modality, matched, patients } },
    ),
  ];
}

/** The error for data in which all patients have the same outcome. No model can learn from such data. */
function oneClass({ words, patients, others }: ReadOutcome): HafError {
  const only = patients[0]?.y === 1 ? words.positive : words.negative;
  return new HafError(
    'HAF_COHORT_INVALID',
    `All ${patients.length} patients with a known outcome are ${only}.${others.length === 0 ? '' : ` Other values of "${words.column}", whose patients are left out: ${others.join(', ')}.`}`,
    'Check data.outcome.event: positive and negative list the values of the column; or add patients of the other outcome.',
    { context: { column: words.column } },
  );
}

function leakError(leaks: readonly Leak[]): HafError {
  const names = leaks.map(({ modality, column }) => `${modality}.${column}`);
  const told = leaks.map(
    ({ modality, column, because }) => `\n  ${modality}, column "${column}": ${because}`,
  );
  return new HafError(
    'HAF_OUTCOME_LEAK',
    `${leaks.length === 1 ? 'A column tells' : `${leaks.length} columns tell`} the outcome instead of predicting it:${told.join('')}\n`,
    `Take ${leaks.length === 1 ? 'it' : 'them'} out of the inputs: ${ignoring(leaks)}. A column that was known before the outcome may stay: data.outcome.allowPredictors: [${names.join(', ')}].`,
    { context: { columns: names } },
  );
}

/** The text that tells the user how to exclude the leaking columns: the keys `columns` of each modality. */
function ignoring(leaks: readonly Leak[]): string {
  const modalities = [...new Set(leaks.map(({ modality }) => modality))];
  return modalities
    .map((modality) => {
      const own = leaks.filter((leak) => leak.modality === modality);
      const columns = own.map(({ column }) => `${JSON.stringify(column)}: ignore`);
      return `data.modalities.${modality}.columns: { ${columns.join(', ')} }`;
    })
    .join('; ');
}

function countHeld(
  labels: ReadonlyMap<string, 0 | 1>,
  holders: readonly ReadonlySet<string>[],
): readonly number[] {
  const counts = Array.from({ length: holders.length + 1 }, () => 0);
  for (const id of labels.keys()) {
    const held = holders.filter((ids) => ids.has(id)).length;
    counts[held] = (counts[held] ?? 0) + 1;
  }
  return counts;
}

/** @throws HafError the refusal if there is one, or an error that lists all refusals if there are several */
export function assertAccepted(refusals: readonly HafError[]): void {
  const [first, ...others] = refusals;
  if (first === undefined) return;
  if (others.length === 0) throw first;
  throw new HafError(
    first.code,
    `${refusals.length} checks refuse the data:\n${refusals.map(({ what, fix }, i) => `  ${i + 1}. ${what.trimEnd()}\n     fix: ${fix}`).join('\n')}\n`,
    'Correct each of them; "haf-pipeline inspect" makes the same checks.',
    { context: { refusals: refusals.map(({ code }) => code) } },
  );
}

/** The error if a column of `stats.subgroups` does not exist or cannot divide the patients into groups. */
function undivided(config: Config, tables: readonly CheckedTable[]): readonly HafError[] {
  try {
    dividingColumns(config, new Map(tables.map(({ modality, table }) => [modality, table])));
    return [];
  } catch (error) {
    if (error instanceof HafError) return [error];
    throw error;
  }
}
