import { writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { loadOpenSlide, type OpenSlideHandle, type OpenSlideLibrary } from './openslide-library.js';
import {
  type FromOpenSlide,
  type OpenSlideRegion,
  pixelFile,
  type ToOpenSlide,
} from './openslide-messages.js';
import { RgbConverter } from './rgb-of-argb.js';

// A process that holds libopenslide and one slide (openslide-process.ts). A fault of the library ends only this
// process. The library is called in the main thread. Calls in a second thread made reading 4 to 9 % slower, because the
// pixels were then in the cache of another core.

/**
 * Ends this process when the runner, or its thread that uses the slide, has ended: then stdin is closed. The main thread
 * would not notice it while a call of the library hangs.
 */
const watchdog = `
  try { require('node:fs').readSync(0, Buffer.alloc(1)); } catch {}
  process.kill(process.pid, 'SIGKILL');
`;
new Worker(watchdog, { eval: true });
// Kills this process on exit. Otherwise, after an unexpected error, Node would wait for the watchdog, which waits for
// the runner.
process.on('exit', () => process.kill(process.pid, 'SIGKILL'));

let library: OpenSlideLibrary | null = null;
let path: string | null = null;
let slide: OpenSlideHandle | null = null;

const answer = (message: FromOpenSlide): void => void process.send?.(message);

/**
 * Number of pixels of the buffer that all reads share. Allocating a buffer for every tile would cost as much as
 * decoding the tile.
 */
const keptPixels = 1024 * 1024;
const converter = new RgbConverter(keptPixels);

/** Writes the first `pixels` pixels of `argb` as RGB to the pixel file, from byte `at` on. */
function writePixels(argb: Uint32Array, pixels: number, at: number): void {
  for (let first = 0; first < pixels; first += keptPixels) {
    const length = Math.min(keptPixels, pixels - first);
    const rgb = converter.rgbOf(argb.subarray(first, first + length));
    const start = at + first * 3;
    for (let done = 0; done < length * 3;)
      done += writeSync(pixelFile, rgb, done, length * 3 - done, start + done);
  }
}

function opened(): OpenSlideHandle {
  if (library === null || path === null) throw new Error('a slide is read before it is opened');
  return (slide ??= library.open(path));
}

function decode(level: number, region: OpenSlideRegion, argb: Uint32Array): void {
  const handle = opened();
  try {
    handle.read(argb, region.x, region.y, level, region.width, region.height);
  } catch (error) {
    // After a failed read OpenSlide refuses all further calls with this handle. The rest of the slide needs a new
    // handle.
    slide = null;
    handle.close();
    throw error;
  }
}

function read({ level, regions, at }: ToOpenSlide & { readonly task: 'read' }): void {
  let next = at;
  for (const region of regions) {
    const pixels = region.width * region.height;
    const argb = pixels <= keptPixels ? converter.buffer : new Uint32Array(pixels);
    decode(level, region, argb);
    writePixels(argb, pixels, next);
    next += pixels * 3;
  }
}

async function perform(request: ToOpenSlide): Promise<FromOpenSlide> {
  switch (request.task) {
    case 'load':
      library = await loadOpenSlide(request.library);
      return { task: 'load', version: library.version };
    case 'open':
      path = request.path;
      return { task: 'open', facts: opened().facts };
    case 'read':
      read(request);
      return { task: 'read' };
  }
}

function failure(error: unknown): FromOpenSlide {
  const reason = error instanceof Error ? error.message : String(error);
  const { code, syscall } = error as NodeJS.ErrnoException;
  return { task: 'failed', reason, ...(code !== undefined && syscall === 'write' ? { code } : {}) };
}

/** Requests are performed one after another, in the order in which they arrive. */
let before: Promise<void> = Promise.resolve();
process.on('message', (request: ToOpenSlide) => {
  before = before.then(() => perform(request).catch(failure)).then(answer);
});
