import type { RunEvent } from '../../run-event.js';
import { clock } from './clock.js';

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

/** `tiles 1204/8490, 3.1 a second, 39:10 left`; speed and time once two reports tell them. */
export function encodingText({ tiles, ofTiles, at, first }: Encoding): string {
  const seconds = (Date.parse(at) - Date.parse(first.at)) / 1000;
  const speed = (tiles - first.tiles) / seconds;
  const pace =
    seconds > 0 && speed > 0
      ? `, ${speed.toFixed(speed < 10 ? 1 : 0)} a second, ${clock((ofTiles - tiles) / speed)} left`
      : '';
  return `tiles ${tiles}/${ofTiles}${pace}`;
}
