import { HafError } from '../core/errors.js';
import type { SourceFile } from '../stage.js';
import type { ArtifactStore } from '../store/store.js';

/**
 * Puts a list that the checks before the run made into the store, so that a job on any machine can read it as a
 * source.
 */
export async function storedList(
  role: 'members' | 'groups',
  list: readonly unknown[],
  store: ArtifactStore,
): Promise<SourceFile> {
  const { sha256 } = await store.write(role, new TextEncoder().encode(JSON.stringify(list)));
  const path = await store.blob(sha256);
  if (path === null)
    throw new HafError(
      'HAF_STORE_CORRUPT',
      `The list of ${role} was written to the store but is missing there.`,
      'Run the same command again, and check that nothing else writes to the store.',
    );
  return { role, name: `haf-${role}.json`, path, sha256 };
}
