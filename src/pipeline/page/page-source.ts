import type { Observable } from 'rxjs';
import type { BusMember } from '../bus/member.js';
import type { RunEvent } from '../run-event.js';

/**
 * News of a run: an event, a line of the log that this version does not understand (`unread`), the sign that the log so
 * far was read (`caught-up`, once or more), or the sign that the log is gone. After `gone` the log may start again from
 * its beginning.
 */
export type RunNews = RunEvent | 'unread' | 'caught-up' | 'gone';

/** A run that a source knows. */
export interface KnownRun {
  readonly run: string;
  readonly state: string;
  readonly createdAt: string | null;
}

/** The source of the runs on the live page: run directories or a broker. */
export interface PageSource {
  runs(): Promise<readonly KnownRun[]>;
  /** Whether a run of this name exists. Names come from addresses, which may be arbitrary text. */
  has(run: string): Promise<boolean>;
  /** The events so far, then new ones as they happen. */
  news(run: string): Observable<RunNews>;
  /** Whether the process that executes the run is alive. Null if the source does not know. */
  driven(run: string): Promise<boolean | null>;
  /** The members on the bus. Null if the source does not know them. */
  members(): Promise<readonly BusMember[] | null>;
  /** False while the broker cannot be reached. */
  connected(): boolean;
  /** Folder with the files of a run on this machine. Null if there is none. */
  directory(run: string): string | null;
}
