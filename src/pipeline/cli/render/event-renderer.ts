import type { RunEvent } from '../../run-event.js';

/** Shows the events of a run as they happen. */
export interface Renderer {
  event(event: RunEvent): void;
  /** Takes in an event from before, and shows nothing of it: counts go on from there. */
  past?(event: RunEvent): void;
  /** Training jobs at once that workers of other machines take. */
  elsewhere?(count: number): void;
  /** A message for the person watching; a live view makes room for it. */
  note(text: string): void;
  /** Ends the output. Calling it again does nothing. */
  close(): void;
}

/** A stream to write to; process.stderr is one. */
export interface TextStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}
