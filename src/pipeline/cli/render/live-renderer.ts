import { advance, emptyState } from '../../observe/run-state.js';
import { paletteFor } from '../output.js';
import type { Renderer, TextStream } from './event-renderer.js';
import { fitLine, viewLines } from './view-lines.js';

/**
 * Minimum time between two frames of the live view, in milliseconds. `clockMs` is the time between frames while nothing
 * happens: one frame per second keeps the clock moving.
 */
const frameMs = 100;
const clockMs = 1000;

const escape = String.fromCharCode(27);
/** Moves the cursor to the first column, this many lines up, and clears everything below. */
const rewind = (lines: number): string => (lines === 0 ? '' : `${escape}[${lines}A\r${escape}[0J`);

/** A live view of the run that overwrites itself. It uses two ANSI sequences only: cursor up, and clear below. */
export function liveRenderer(stream: TextStream, now: () => number = () => performance.now()): Renderer {
  const colors = paletteFor(stream);
  let view = emptyState;
  let [startedMs, drawnMs, drawnLines] = [now(), -Infinity, 0];
  let pending: NodeJS.Timeout | null = null;
  let closed = false;

  const draw = (above = ''): void => {
    if (pending) clearTimeout(pending);
    pending = null;
    const [columns, rows] = [stream.columns ?? 80, stream.rows ?? 24];
    // A frame higher than the screen could not be overwritten, because its top would have scrolled away. The last
    // frame may be higher, because no frame overwrites it.
    const room = closed ? Number.POSITIVE_INFINITY : rows - 1;
    const lines = viewLines(view, (now() - startedMs) / 1000, colors, room).map((line) =>
      fitLine(line, columns),
    );
    stream.write(rewind(drawnLines) + above + lines.map((line) => `${line}\n`).join(''));
    [drawnMs, drawnLines] = [now(), lines.length];
  };
  const drawSoon = (): void => {
    if (now() - drawnMs >= frameMs) draw();
    else pending ??= setTimeout(draw, frameMs - (now() - drawnMs)).unref();
  };
  const ticking = setInterval(drawSoon, clockMs).unref();

  return {
    event: (event) => {
      if (event.type === 'run-started') startedMs = now();
      view = advance(view, event);
      if (!closed) drawSoon();
    },
    elsewhere: (count) => {
      view = { ...view, elsewhere: count };
      if (!closed) drawSoon();
    },
    note: (text) => (closed ? stream.write(`${text}\n`) : draw(`${text}\n`)),
    close: () => {
      if (closed) return;
      closed = true;
      clearInterval(ticking);
      draw();
    },
  };
}
