import { bagOf, globOf, slotsOfKind } from '../config/slots.js';
import type { Config } from '../config/schema.js';
import { csvText } from '../core/csv.js';
import type { ModalityId } from '../core/modality.js';
import type { Problem } from '../core/problem.js';
import { syntheticMarkerFile } from '../core/synthetic-marker.js';
import type { DataFiles } from './find-sources.js';
import { inAnySpelling } from './files-of-glob.js';
import { matchingFiles, type UnreadableFolder } from './matching-files.js';
import { oneWayEach } from './one-way-each.js';
import { whyUnlisted } from './why-unreadable.js';

/**
 * One file of the data folder, or one that the experiment names elsewhere: which modality uses it, or why none does.
 */
export interface FileUse {
  /** Path relative to the data folder. */
  readonly file: string;
  /** How the experiment uses it. Null for a file that is left out. */
  readonly use: string | null;
  readonly modality: ModalityId | null;
  /** The patient that the file belongs to. Null for tables, and for a file of several patients. */
  readonly patient: string | null;
  /** Why the file is left out, or why its patient is left out. */
  readonly reason: string | null;
}

const byNoPattern = 'no pattern or table of the experiment names it';

/**
 * Says for every file in the data folder which modality uses it, or why it is left out. Each file has one row. Further
 * paths to a file, by links, have a row of their own. A folder that cannot be listed also has a row, with `/` at its
 * end.
 *
 * @param known - patients of the outcome table
 * @param problems - the problems with files that are left out
 */
export async function fileReport(
  config: Config,
  root: string,
  files: DataFiles,
  known: ReadonlySet<string>,
  problems: readonly Problem[],
): Promise<readonly FileUse[]> {
  const used = new Map<string, FileUse>();
  const take = (file: string, use: string, modality: ModalityId | null, patient: string | null): void => {
    const stranger = patient !== null && !known.has(patient);
    const reason = stranger ? 'its patient is not in the outcome table' : null;
    used.set(file, { file, use: stranger ? null : use, modality, patient, reason });
  };
  for (const { name } of files.outcome) take(name, 'outcome', null, null);
  for (const { name } of files.splits) take(name, 'splits', null, null);
  for (const { name } of files.encoder) take(name, 'encoder', null, null);
  for (const [modality, sources] of files.ownEncoders ?? [])
    for (const { name } of sources) if (!used.has(name)) take(name, 'encoder', modality, null);
  for (const { modality, sources } of files.tables)
    for (const { name } of sources) if (!used.has(name)) take(name, 'table', modality, null);
  for (const id of slotsOfKind(config, 'bag')) {
    const { patient, slideTable, cores } = bagOf(config, id);
    if (typeof patient === 'object' && patient !== null && 'table' in patient && !used.has(patient.table))
      take(patient.table, 'table of files', id, null);
    if (cores !== null && !used.has(cores.table)) take(cores.table, 'table of cores', id, null);
    if (slideTable !== null && !used.has(slideTable)) take(slideTable, 'slide table', id, null);
  }
  for (const { modality, unit, sources } of files.bags)
    for (const { name, role } of sources) take(name, role, modality, unit.patient ?? null);
  const unlisted: UnreadableFolder[] = [];
  const onUnreadable = (folder: UnreadableFolder): void => void unlisted.push(folder);
  const { names, aliases } = oneWayEach(root, [
    ...used.keys(),
    ...(await matchingFiles('**/*', root, { dot: true, onUnreadable })),
  ]);
  const reasonOf = new Map([
    ...problems.flatMap(({ file, reason, severity }) =>
      file === null || severity === 'info' ? [] : [[file, reason] as const],
    ),
    ...(await missedByCase(config, root)),
  ]);
  const without = (file: string, reason: string): FileUse => ({
    ...{ file, use: null, modality: null, patient: null, reason },
  });
  return [
    ...names.map(
      (file) =>
        used.get(file) ??
        without(
          file,
          file === syntheticMarkerFile
            ? 'it marks the patients as invented'
            : (reasonOf.get(file) ?? byNoPattern),
        ),
    ),
    ...[...aliases].map(
      ([file, other]) => used.get(file) ?? without(file, `another path to ${other}, which is used once`),
    ),
    ...unlisted.map(({ name, code }) => without(name, whyUnlisted(name, code).reason)),
  ].sort((a, b) => (a.file < b.file ? -1 : 1));
}

/** Files that the pattern of a bag misses only because of upper and lower case, with the reason. */
async function missedByCase(
  config: Config,
  root: string,
): Promise<readonly (readonly [file: string, reason: string])[]> {
  const patterns = slotsOfKind(config, 'bag').map((id) => globOf(bagOf(config, id)).pattern);
  const found = await Promise.all(
    patterns.map(async (pattern) => {
      const exact = new Set(await matchingFiles(pattern, root));
      const names = (await inAnySpelling(pattern, root)).filter((name) => !exact.has(name));
      const reason = `it differs from "${pattern}" in upper and lower case only`;
      return names.map((name) => [name, reason] as const);
    }),
  );
  return found.flat();
}

/** files.csv: one line per file. */
export const filesCsv = (report: readonly FileUse[]): string =>
  csvText(
    ['file', 'used_as', 'modality', 'patient', 'left_out_because'],
    report.map(({ file, use, modality, patient, reason }) => [file, use, modality, patient, reason]),
  );

/** Number of files for each use, and for each reason to be left out. The counts add up to all files. */
export function countedUses(report: readonly FileUse[]): readonly (readonly [use: string, files: number])[] {
  const counts = new Map<string, number>();
  for (const { use, modality, reason } of report) {
    const why = reason?.startsWith('another path to ') ? 'another path to a file that is used' : reason;
    const key =
      use === null ? `left out: ${why ?? ''}` : [modality, use].filter((part) => part !== null).join(' ');
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts];
}
