import { writeSync } from 'node:fs';
import { loadOpenSlide, type OpenSlideHandle, type OpenSlideLibrary } from './openslide-library.js';
import { type FromOpenSlide, pixelPipe, type ToOpenSlide } from './openslide-messages.js';

// A process that holds libopenslide and one slide (openslide-process.ts). A fault of the library ends only this
// process.

let library: OpenSlideLibrary | null = null;
let path: string | null = null;
let slide: OpenSlideHandle | null = null;

const answer = (message: FromOpenSlide): void => void process.send?.(message);

/** Converts premultiplied ARGB to RGB over black: alpha is dropped, and the colours stay. */
function rgbOf(argb: Uint32Array): Uint8Array {
  const rgb = new Uint8Array(argb.length * 3);
  for (let i = 0, at = 0; i < argb.length; i++) {
    const word = argb[i] as number;
    rgb[at++] = word >>> 16;
    rgb[at++] = word >>> 8;
    rgb[at++] = word;
  }
  return rgb;
}

function writeAll(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(pixelPipe, bytes, at, bytes.length - at);
}

async function opened(): Promise<OpenSlideHandle> {
  if (library === null || path === null) throw new Error('a slide is read before it is opened');
  return (slide ??= await library.open(path));
}

async function read(request: ToOpenSlide & { readonly task: 'read' }): Promise<Uint32Array> {
  const { x, y, level, width, height } = request;
  const argb = new Uint32Array(width * height);
  const handle = await opened();
  try {
    await handle.read(argb, x, y, level, width, height);
    return argb;
  } catch (error) {
    // After a failure OpenSlide keeps the handle in error. The rest of the slide needs a new handle.
    slide = null;
    handle.close();
    throw error;
  }
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
      const argb = await read(request);
      return () => {
        answer({ task: 'read' });
        writeAll(rgbOf(argb));
      };
    }
  }
}

const waiting: ToOpenSlide[] = [];
let busy = false;

/**
 * Handles one request after another. An answer is converted and written while koffi's thread reads for the next
 * request.
 */
async function work(): Promise<void> {
  if (busy) return;
  busy = true;
  for (let request = waiting.shift(); request !== undefined; request = waiting.shift()) {
    let finish: () => void;
    try {
      finish = await perform(request);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      finish = () => answer({ task: 'failed', reason });
    }
    setImmediate(finish);
  }
  busy = false;
}

process.on('message', (request: ToOpenSlide) => {
  waiting.push(request);
  void work();
});
// The runner has ended. A call of the library may hang and would block a normal exit, so the process is killed.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
