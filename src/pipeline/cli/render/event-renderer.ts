import type { RunEvent } from '../../run-event.js';

/** Shows the events of a run as they happen. */
export interface Renderer {
  event(event: RunEvent): void;
  /** Updates the counts with an event from before the start of the output, without showing it. */
  past?(event: RunEvent): void;
  /** Reports how many training jobs the workers on other machines can run at once. */
  elsewhere?(count: number): void;
  /** Shows a message for people. A live view makes room for it. */
  note(text: string): void;
  /** Ends the output. Calling it again does nothing. */
  close(): void;
}

/** A stream to write to, for example process.stderr. */
export interface TextStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}
