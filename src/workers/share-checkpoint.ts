import { FileStore } from '../pipeline/store/file-store.js';
import type { ArtifactStore } from '../pipeline/store/store.js';

// A training process keeps its checkpoints in the folder of the store on its machine. Where that folder is only a
// cache, the runner takes them to the store and back, so that a job can go on elsewhere.

const isRemote = ({ uri, localRoot }: ArtifactStore): boolean => uri !== localRoot;

/** Takes what a training process kept of an artifact to the store. */
export async function shareCheckpoint(store: ArtifactStore, artifact: string): Promise<void> {
  if (!isRemote(store)) return;
  const bytes = await new FileStore(store.localRoot).checkpoint(artifact);
  if (bytes) await store.saveCheckpoint(artifact, bytes);
}

/** Puts what the store holds of an unfinished artifact where a training process looks for it. */
export async function fetchCheckpoint(store: ArtifactStore, artifact: string): Promise<void> {
  if (!isRemote(store)) return;
  const bytes = await store.checkpoint(artifact);
  if (bytes) await new FileStore(store.localRoot).saveCheckpoint(artifact, bytes);
}
