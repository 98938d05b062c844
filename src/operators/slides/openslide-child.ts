import { writeSync } from 'node:fs';
import { loadOpenSlide, type OpenSlideHandle, type OpenSlideLibrary } from './openslide-library.js';
import {
  type FromOpenSlide,
  type OpenSlideRegion,
  pixelFile,
  type ToOpenSlide,
} from './openslide-messages.js';
import { rgbOf } from './rgb-of-argb.js';

// A process that holds libopenslide and one slide (openslide-process.ts). A fault of the library ends only this
// process.

let library: OpenSlideLibrary | null = null;
let path: string | null = null;
let slide: OpenSlideHandle | null = null;

const answer = (message: FromOpenSlide): void => void process.send?.(message);

/** Pixels of the buffers that are kept. Allocating buffers for every tile would cost as much as decoding it. */
const keptPixels = 1024 * 1024;
/** Two buffers, because the pixels of one region are converted while OpenSlide fills the buffer of the next. */
const kept = [new Uint32Array(keptPixels), new Uint32Array(keptPixels)] as const;
const rgb = new Uint8Array(keptPixels * 3);
let turn: 0 | 1 = 0;

/** A buffer for premultiplied ARGB. Its length is a multiple of four, as `rgbOf` needs it. */
function bufferOf(pixels: number): Uint32Array {
  turn = turn === 0 ? 1 : 0;
  return pixels <= keptPixels ? kept[turn] : new Uint32Array(Math.ceil(pixels / 4) * 4);
}

/** Writes the first bytes of `rgb` to the pixel file. */
function write(bytes: number, at: number): void {
  for (let done = 0; done < bytes;) done += writeSync(pixelFile, rgb, done, bytes - done, at + done);
}

/** Writes the pixels of a strip as RGB to the pixel file, one region after another. */
function writeStrip(argb: Uint32Array, { width, height, count }: Strip, at: number): void {
  const pixels = width * height;
  if (count === 1)
    for (let first = 0; first < pixels; first += keptPixels) {
      const length = Math.min(keptPixels, pixels - first);
      rgbOf(argb.subarray(first, first + Math.ceil(length / 4) * 4), rgb);
      write(length * 3, at + first * 3);
    }
  else {
    for (let i = 0; i < count; i++)
      rgbOf(argb.subarray(i * width, count * pixels), rgb.subarray(i * pixels * 3), width, count * width);
    write(count * pixels * 3, at);
  }
}

/** Regions of one size, side by side, that are read as one: OpenSlide draws a stored tile once for all of them. */
interface Strip extends OpenSlideRegion {
  /** Number of regions. `width` is that of one of them. */
  readonly count: number;
}

/** @param downsample of the level of the regions */
function stripsOf(regions: readonly OpenSlideRegion[], downsample: number): readonly Strip[] {
  const strips: Strip[] = [];
  for (const region of regions) {
    const { x, y, width, height } = region;
    const last = strips.at(-1);
    const follows =
      last !== undefined &&
      last.x + last.count * width * downsample === x &&
      last.y === y &&
      last.width === width &&
      last.height === height &&
      // rgbOf converts four pixels at once.
      width % 4 === 0 &&
      (last.count + 1) * width * height <= keptPixels;
    if (follows) strips[strips.length - 1] = { ...last, count: last.count + 1 };
    else strips.push({ ...region, count: 1 });
  }
  return strips;
}

async function opened(): Promise<OpenSlideHandle> {
  if (library === null || path === null) throw new Error('a slide is read before it is opened');
  return (slide ??= await library.open(path));
}

async function decode(level: number, region: OpenSlideRegion, argb: Uint32Array): Promise<void> {
  // Without `await` for an open slide, the call of the library has begun when this function returns.
  const handle = slide ?? (await opened());
  try {
    await handle.read(argb, region.x, region.y, level, region.width, region.height);
  } catch (error) {
    // After a failure OpenSlide keeps the handle in error. The rest of the slide needs a new handle.
    slide = null;
    handle.close();
    throw error;
  }
}

/**
 * Reads regions. Each strip is converted and written while koffi's thread decodes the next one.
 * @returns what remains to be done for the last strip
 */
async function read({ level, regions, at }: ToOpenSlide & { readonly task: 'read' }): Promise<() => void> {
  let finish = (): void => undefined;
  let next = at;
  const { facts } = slide ?? (await opened());
  for (const strip of stripsOf(regions, facts.levels[level]?.downsample ?? NaN)) {
    const pixels = strip.count * strip.width * strip.height;
    const argb = bufferOf(pixels);
    const decoding = decode(level, { ...strip, width: strip.count * strip.width }, argb);
    // Awaited below. If `finish` throws before that, this fault must not become an unhandled rejection.
    decoding.catch(() => undefined);
    finish();
    await decoding;
    const start = next;
    finish = () => writeStrip(argb, strip, start);
    next += pixels * 3;
  }
  return finish;
}

async function perform(request: ToOpenSlide): Promise<() => void> {
  switch (request.task) {
    case 'load': {
      library = await loadOpenSlide(request.library);
      const { version } = library;
      return () => answer({ task: 'load', version });
    }
    case 'open': {
      path = request.path;
      const { facts } = await opened();
      return () => answer({ task: 'open', facts });
    }
    case 'read': {
      const finish = await read(request);
      return () => {
        finish();
        answer({ task: 'read' });
      };
    }
  }
}

function fail(error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error);
  const { code, syscall } = error as NodeJS.ErrnoException;
  answer({ task: 'failed', reason, ...(code !== undefined && syscall === 'write' ? { code } : {}) });
}

const waiting: ToOpenSlide[] = [];
let busy = false;

/** Handles one request after another. An answer is completed while koffi's thread reads for the next request. */
async function work(): Promise<void> {
  if (busy) return;
  busy = true;
  for (let request = waiting.shift(); request !== undefined; request = waiting.shift()) {
    let finish: () => void;
    try {
      finish = await perform(request);
    } catch (error) {
      finish = () => fail(error);
    }
    setImmediate(() => {
      try {
        finish();
      } catch (error) {
        fail(error);
      }
    });
  }
  busy = false;
}

process.on('message', (request: ToOpenSlide) => {
  waiting.push(request);
  void work();
});
// The runner has ended. A call of the library may hang and would block a normal exit, so the process is killed.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
