import { visible, visibleIn } from '../../core/visible.js';
import { advance, emptyState } from '../../observe/run-state.js';
import { paletteFor, printData } from '../output.js';
import type { Renderer, TextStream } from './event-renderer.js';
import { liveRenderer } from './live-renderer.js';
import { plainLine } from './plain-line.js';
import { workersText } from './view-lines.js';

/** Events as NDJSON on stdout. Messages go to stderr. */
const jsonRenderer = (messages: TextStream): Renderer => ({
  event: (event) => printData(JSON.stringify(event)),
  note: (text) => messages.write(`${text}\n`),
  close: () => undefined,
});

/** One line per shown event: for logs, pipes and terminals without cursor movement. */
export function plainRenderer(stream: TextStream): Renderer {
  const colors = paletteFor(stream);
  let view = emptyState;
  let elsewhere = 0;
  return {
    past: (event) => (view = advance(view, event)),
    elsewhere: (count) => {
      if (count !== elsewhere && view.finished === null)
        stream.write(
          `${view.run || 'workers'}: ${workersText({ workers: view.workers, elsewhere: count })}\n`,
        );
      elsewhere = count;
    },
    event: (event) => {
      view = advance(view, event);
      const line = plainLine(event, view, colors);
      if (line !== null) stream.write(`${line}\n`);
    },
    note: (text) => stream.write(`${text}\n`),
    close: () => undefined,
  };
}

/**
 * Makes control characters in job names visible, so that the terminal does not execute them. Job names contain file
 * names, which may hold such characters.
 */
const withVisibleNames = (renderer: Renderer): Renderer => ({
  ...renderer,
  event: (event) => renderer.event(visibleIn(event)),
  past: (event) => renderer.past?.(visibleIn(event)),
  note: (text) => renderer.note(visible(text)),
});

/** The renderer: NDJSON if requested, a live view on a terminal, plain lines otherwise. */
export function rendererFor(json: boolean, stream: TextStream = process.stderr): Renderer {
  if (json) return jsonRenderer(stream);
  const live = stream.isTTY === true && process.env.TERM !== 'dumb';
  return withVisibleNames(live ? liveRenderer(stream) : plainRenderer(stream));
}
