import type { Preflight } from '../../operators/preflight/preflight.js';
import type { SourceFile } from '../stage.js';
import type { ArtifactStore } from '../store/store.js';
import { storedList } from './stored-list.js';

/**
 * The group of each patient with a known outcome, as a source of the `split` job. The list enters the recipe of the
 * split by its content. So a change of the table that changes no group does not change the folds and training.
 *
 * @returns nothing unless `cv.mode` is groups
 */
export async function groupFile(
  { groups, outcome }: Pick<Preflight, 'groups' | 'outcome'>,
  store: ArtifactStore,
): Promise<readonly SourceFile[]> {
  if (groups === null) return [];
  const pairs = outcome.patients.flatMap(({ id }) => {
    const group = groups.get(id);
    return group === undefined ? [] : [[id, group] as const];
  });
  return [
    await storedList(
      'groups',
      pairs.toSorted(([a], [b]) => (a < b ? -1 : 1)),
      store,
    ),
  ];
}
