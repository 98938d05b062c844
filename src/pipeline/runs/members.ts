import type { Preflight } from '../../operators/preflight/preflight.js';
import type { Config } from '../config/schema.js';
import type { DataFiles } from '../sources/find-sources.js';
import type { SourceFile } from '../stage.js';
import type { ArtifactStore } from '../store/store.js';
import { storedList } from './stored-list.js';

/**
 * The patients with any modality, who belong to the cohort with `cohort.require: []`. Tables and file names show them
 * before any job runs. The list enters the recipe of the cohort by its content. So a further modality that adds no
 * patient does not change the cohort, its folds, or training that does not read it.
 *
 * @returns the list as a source of the `cohort` job, kept in the store; nothing if `cohort.require` decides
 */
export async function memberFile(
  { cohort }: Config,
  { outcome, holders }: Pick<Preflight, 'outcome' | 'holders'>,
  bags: DataFiles['bags'],
  store: ArtifactStore,
): Promise<readonly SourceFile[]> {
  if (cohort.require.length > 0) return [];
  const { bagPatients } = await import('../../operators/preflight/bag-patients.js');
  // Only patients of the remaining bags: files that were lost since the checks are not in `bags`.
  const { ids: left } = bagPatients(bags);
  const tables = [...holders].flatMap(([, { kind, ids }]) => (kind === 'table' ? [ids] : []));
  const ids = outcome.patients
    .map(({ id }) => id)
    .filter((id) => left.has(id) || tables.some((own) => own.has(id)))
    .sort();
  return [await storedList('members', ids, store)];
}
