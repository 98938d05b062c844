/** Where things lie in a store, below its folder or its prefix; the same for every kind of store. */
export const blobKey = (digest: string): string => `blobs/${digest.slice(0, 2)}/${digest}`;

/** The manifest of an artifact; `generation` 1, 2, ... are those that forced replays took the place of. */
export const manifestKey = (id: string, generation?: number): string =>
  `artifacts/${id.slice(0, 2)}/${id}${generation === undefined ? '' : `.${generation}`}.json`;

export const checkpointKey = (id: string): string => `checkpoints/${id.slice(0, 2)}/${id}`;
