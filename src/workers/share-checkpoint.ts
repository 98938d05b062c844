import { FileStore } from '../pipeline/store/file-store.js';
import type { ArtifactStore } from '../pipeline/store/store.js';

// A training process writes its checkpoints to the store's folder on its machine. If this folder is only the cache of a
// remote store, the runner uploads and downloads them, so that another machine can resume the job.

const isRemote = ({ uri, localRoot }: ArtifactStore): boolean => uri !== localRoot;

/** Uploads the checkpoint of an artifact to the store. */
export async function shareCheckpoint(store: ArtifactStore, artifact: string): Promise<void> {
  if (!isRemote(store)) return;
  const bytes = await new FileStore(store.localRoot).checkpoint(artifact);
  if (bytes) await store.saveCheckpoint(artifact, bytes);
}

/** Downloads the checkpoint of an unfinished artifact to the folder that the training process reads. */
export async function fetchCheckpoint(store: ArtifactStore, artifact: string): Promise<void> {
  if (!isRemote(store)) return;
  const bytes = await store.checkpoint(artifact);
  if (bytes) await new FileStore(store.localRoot).saveCheckpoint(artifact, bytes);
}
