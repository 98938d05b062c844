import type { RunEvent } from '../run-event.js';

/** How far a job that encodes tiles is; `first` is where it stood when it was first heard of. */
export interface Encoding {
  readonly tiles: number;
  readonly ofTiles: number;
  readonly at: string;
  readonly first: { readonly tiles: number; readonly at: string };
}

type EpochEvent = Extract<RunEvent, { type: 'job-epoch' }>;

/** What an event tells of the tiles of its job; null for a job that has none. */
export function encodingOf(before: Encoding | null, { metrics, at }: EpochEvent): Encoding | null {
  const { tiles, ofTiles } = metrics;
  if (typeof tiles !== 'number' || typeof ofTiles !== 'number') return null;
  return { tiles, ofTiles, at, first: before?.first ?? { tiles, at } };
}
