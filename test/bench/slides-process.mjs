/**
 * Reads tiles in a thread pool, as a run does. It is a separate process, so that its memory can be measured alone.
 * Arguments: slide, file of int32 coordinates, threads, geometry as JSON. Prints {tiles, seconds, cpuSeconds, rssMb}.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { threadsFor } from '../../dist/src/workers/thread-pool.js';

const [path, coordsFile, threads, geometry] = process.argv.slice(2);
const bytes = readFileSync(coordsFile);
const coords = new Int32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
const jobs = Number(threads);
const pool = threadsFor(fileURLToPath(new URL('./slides-thread.mjs', import.meta.url)), jobs, {
  minThreads: jobs,
});
const share = Math.ceil(coords.length / 2 / jobs) * 2;
// Threads load their modules before timing begins. The Python processes of this benchmark do so, too. If OpenSlide
// reads the slide, its process starts later, and its start is included in the time.
await Promise.all(Array.from({ length: jobs }, () => pool.run(null)));
const before = performance.now();
const cpuBefore = process.cpuUsage();
const done = await Promise.all(
  Array.from({ length: jobs }, (_, job) =>
    pool.run({ path, coords: coords.slice(job * share, (job + 1) * share), geometry: JSON.parse(geometry) }),
  ),
);
const seconds = (performance.now() - before) / 1000;
const tiles = done.reduce((sum, job) => sum + job.tiles, 0);
const { user, system } = process.cpuUsage(cpuBefore);
const cpuSeconds = (user + system) / 1e6;
console.log(JSON.stringify({ tiles, seconds, cpuSeconds, rssMb: process.resourceUsage().maxRSS / 1024 }));
await pool.destroy();
