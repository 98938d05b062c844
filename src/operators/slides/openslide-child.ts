import { writeSync } from 'node:fs';
import { loadOpenSlide, type OpenSlideHandle, type OpenSlideLibrary } from './openslide-library.js';
import {
  type FromOpenSlide,
  type OpenSlideRegion,
  pixelFile,
  type ToOpenSlide,
} from './openslide-messages.js';
import { RgbConverter } from './rgb-of-argb.js';

// A process that holds libopenslide and one slide (openslide-process.ts). A fault of the library ends only this
// process.

let library: OpenSlideLibrary | null = null;
let path: string | null = null;
let slide: OpenSlideHandle | null = null;

const answer = (message: FromOpenSlide): void => void process.send?.(message);

/**
 * Number of pixels of the two buffers that all reads share. Allocating a buffer for every tile would cost as much as
 * decoding the tile.
 */
const keptPixels = 1024 * 1024;
const converter = new RgbConverter(keptPixels);
let turn: 0 | 1 = 0;

/** A buffer for premultiplied ARGB. There are two, because one region is converted while OpenSlide fills the buffer of the next. */
function bufferOf(pixels: number): Uint32Array {
  turn = turn === 0 ? 1 : 0;
  return pixels <= keptPixels ? converter.buffers[turn] : new Uint32Array(pixels);
}

/** Writes the first `pixels` of `argb` as RGB to the pixel file. */
function writePixels(argb: Uint32Array, pixels: number, at: number): void {
  for (let first = 0; first < pixels; first += keptPixels) {
    const length = Math.min(keptPixels, pixels - first);
    const rgb = converter.rgbOf(argb.subarray(first, first + length));
    const start = at + first * 3;
    for (let done = 0; done < length * 3;)
      done += writeSync(pixelFile, rgb, done, length * 3 - done, start + done);
  }
}

async function opened(): Promise<OpenSlideHandle> {
  if (library === null || path === null) throw new Error('a slide is read before it is opened');
  return (slide ??= await library.open(path));
}

async function decode(level: number, region: OpenSlideRegion, argb: Uint32Array): Promise<void> {
  // An `await` would let the caller convert the previous region before the library begins to decode. So an open slide
  // is used without one.
  const handle = slide ?? (await opened());
  try {
    await handle.read(argb, region.x, region.y, level, region.width, region.height);
  } catch (error) {
    // After a failed read OpenSlide refuses all further calls with this handle. The rest of the slide needs a new
    // handle.
    slide = null;
    handle.close();
    throw error;
  }
}

/**
 * Reads regions. Each is converted and written while koffi's thread decodes the next one.
 * @returns a function that writes the pixels of the last region
 */
async function read({ level, regions, at }: ToOpenSlide & { readonly task: 'read' }): Promise<() => void> {
  let finish = (): void => undefined;
  let next = at;
  for (const region of regions) {
    const pixels = region.width * region.height;
    const argb = bufferOf(pixels);
    const decoding = decode(level, region, argb);
    // `decoding` is awaited below. If `finish` throws first, a failure of `decoding` must not become an unhandled
    // rejection.
    decoding.catch(() => undefined);
    finish();
    await decoding;
    const start = next;
    finish = () => writePixels(argb, pixels, start);
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
