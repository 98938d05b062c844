import { mapAtOnce } from '../core/at-once.js';
import type { DataFiles } from '../sources/find-sources.js';
import type { ArtifactStore } from '../store/store.js';

const uploadsAtOnce = 2;

/** Puts the cohort's files into the store under their hashes, for workers that have no folder of the cohort. */
export async function shareData(
  { outcome, tables, splits, bags, encoder, ownEncoders }: DataFiles,
  store: ArtifactStore,
): Promise<number> {
  const grouped = [...tables, ...bags].flatMap(({ sources }) => sources);
  const files = [...outcome, ...splits, ...encoder, ...[...(ownEncoders?.values() ?? [])].flat(), ...grouped];
  await mapAtOnce(files, uploadsAtOnce, ({ name, path, sha256 }) => store.writeFile(name, path, sha256));
  return files.length;
}
