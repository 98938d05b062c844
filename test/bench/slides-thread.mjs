/** One job of the benchmark in a thread of a pool: reads tiles as `embed` does and drops them. */
import { setTimeout } from 'node:timers/promises';
import { openSlide } from '../../dist/src/operators/slides/open-slide.js';
import { readTiles } from '../../dist/src/operators/tiling/read-tiles.js';

export default async function read(job) {
  // This job only starts a thread and reads nothing. It waits, so that each thread of the pool gets one such job.
  if (job === null) return setTimeout(500);
  const { path, coords, geometry } = job;
  const reader = await openSlide(path, process.env.HAF_BENCH_READER ?? null);
  let tiles = 0;
  let sum = 0;
  for await (const { rows, tiles: pixels } of readTiles(reader, coords, geometry)) {
    tiles += rows.length;
    for (const tile of pixels) sum += tile[tile.length >> 1];
  }
  await reader.close();
  return { tiles, sum };
}
