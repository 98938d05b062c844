/** The layout of a store, relative to its folder or prefix. It is the same for every kind of store. */
export const blobKey = (digest: string): string => `blobs/${digest.slice(0, 2)}/${digest}`;

/** The key of an artifact's manifest. `generation` 1, 2, ... are the manifests that forced replays replaced. */
export const manifestKey = (id: string, generation?: number): string =>
  `artifacts/${id.slice(0, 2)}/${id}${generation === undefined ? '' : `.${generation}`}.json`;

export const checkpointKey = (id: string): string => `checkpoints/${id.slice(0, 2)}/${id}`;
