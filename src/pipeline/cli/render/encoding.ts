import type { Encoding } from '../../observe/encoding.js';
import { clock } from './clock.js';

/**
 * As text, the progress of a job that encodes tiles, for example `tiles 1204/8490 on the CPU, 3.1 a second, 39:10 left`.
 * Speed and remaining time need two reports of the job, so the text for the first report lacks them.
 */
export function encodingText({ tiles, ofTiles, device, at, first }: Encoding): string {
  const seconds = (Date.parse(at) - Date.parse(first.at)) / 1000;
  const speed = (tiles - first.tiles) / seconds;
  const pace =
    seconds > 0 && speed > 0
      ? `, ${speed.toFixed(speed < 10 ? 1 : 0)} a second, ${clock((ofTiles - tiles) / speed)} left`
      : '';
  return `tiles ${tiles}/${ofTiles} on the ${device}${pace}`;
}
