import type { RunEvent } from '../run-event.js';

/** Progress of a job that encodes tiles. `first` is the progress that its first `job-epoch` event reported. */
export interface Encoding {
  readonly tiles: number;
  readonly ofTiles: number;
  readonly device: 'GPU' | 'CPU';
  readonly at: string;
  readonly first: { readonly tiles: number; readonly at: string };
}

type EpochEvent = Extract<RunEvent, { type: 'job-epoch' }>;

/** What an event says about the tiles of its job. Null if the job encodes no tiles. */
export function encodingOf(before: Encoding | null, { metrics, at }: EpochEvent): Encoding | null {
  const { tiles, ofTiles, gpu } = metrics;
  if (typeof tiles !== 'number' || typeof ofTiles !== 'number') return null;
  return { tiles, ofTiles, device: gpu === 1 ? 'GPU' : 'CPU', at, first: before?.first ?? { tiles, at } };
}
