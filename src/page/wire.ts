// What the server of the live page sends to the browser. This file has only types, because both the server and the page
// import it.

export type ShownJobState = 'waiting' | 'queued' | 'running' | 'done' | 'cached' | 'failed' | 'skipped';

/** A run in the list. */
export interface RunEntry {
  readonly run: string;
  /**
   * The state in run.json. If only the broker knows the run: `running` if a process on the bus works for it, else
   * `unknown`.
   */
  readonly state: string;
  readonly createdAt: string | null;
  /** Whether a report can be opened. */
  readonly report: boolean;
  /** Whether tables, patients and slides of the run can be shown: its directory is on this machine. */
  readonly results: boolean;
}

/** The head of a run: what the page shows above everything else. */
export interface RunHead {
  readonly run: string;
  readonly state: string;
  readonly startedAt: string | null;
  readonly lastAt: string | null;
  readonly seconds: number | null;
  readonly bus: string;
  readonly ended: number;
  readonly jobs: number;
  readonly failures: number;
  readonly report: boolean;
  readonly results: boolean;
  /** Number of lines of the run's log that this version does not understand. */
  readonly unread: number;
  /** `gone`: the directory of the run was deleted. `away`: the broker cannot be reached. */
  readonly link: 'ok' | 'gone' | 'away';
  readonly left: TimeLeft | null;
}

/** An estimate of the remaining time. */
export interface TimeLeft {
  readonly seconds: number;
  /** Stages without a finished job. The estimate does not contain their time. */
  readonly without: readonly string[];
}

export interface StageRow extends Readonly<Record<ShownJobState, number>> {
  readonly stage: string;
  readonly about: string;
  readonly jobs: number;
  /** Number of jobs that ended in the last minute. */
  readonly perMinute: number;
  /** The stages whose results this stage reads. */
  readonly reads: readonly string[];
}

export interface RunningRow {
  readonly job: string;
  readonly stage: string;
  readonly worker: string;
  readonly attempt: number;
  readonly startedAt: string;
  readonly epoch: number | null;
  readonly epochs: number | null;
  readonly tiles: number | null;
  readonly ofTiles: number | null;
}

export interface WorkerRow {
  readonly id: string;
  readonly role: string;
  readonly host: string;
  readonly backend: string;
  readonly slots: string;
  readonly state: 'working' | 'idle' | 'leaving' | 'gone' | 'unknown';
  readonly jobs: readonly string[];
  /** Time of the last heartbeat in ISO format. Null if unknown. */
  readonly seen: string | null;
}

/** The scores (AUC or C) of each method on the test patients of each fold. */
export interface ScoreTable {
  readonly title: string;
  readonly folds: number;
  readonly rows: readonly ScoreRow[];
}
export interface ScoreRow {
  readonly method: string;
  /** `null`: not evaluated yet; `n/a`: undefined in this fold. */
  readonly folds: readonly (number | null | 'n/a')[];
  readonly mean: number | null;
  /** Population standard deviation over the folds so far. */
  readonly sd: number | null;
  readonly n: number;
}

export interface FailureRow {
  readonly job: string;
  readonly stage: string;
  readonly state: 'failed' | 'skipped';
  readonly code: string | null;
  readonly what: string;
  readonly fix: string | null;
  /** The command that shows all failures of the run. */
  readonly command: string;
}

/** All data of a view of a run. A frame contains the sections that changed since the last frame. */
export interface Sections {
  readonly head: RunHead;
  readonly stages: readonly StageRow[];
  readonly running: readonly RunningRow[];
  readonly workers: readonly WorkerRow[];
  readonly scores: ScoreTable;
  /** The first failures. `head.failures` counts all. */
  readonly failures: readonly FailureRow[];
}
export type Frame = Partial<Sections>;

/** Metrics of a training job by epoch. */
export interface Curve {
  readonly job: string;
  readonly epochs: readonly number[];
  readonly lines: readonly { readonly name: string; readonly values: readonly (number | null)[] }[];
}

export interface JobEntry {
  readonly job: string;
  readonly state: string;
}

/** A table of a run that can be shown. */
export interface TableEntry {
  readonly name: string;
  readonly title: string;
}

export interface TableData {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Number of rows that were left out because the table has too many. */
  readonly more: number;
}

/** The test patients of a run and the predictions of each method for them. */
export interface PatientTable {
  /** The meaning of the numbers: a probability of the positive outcome, or a risk without a unit. */
  readonly shows: 'probability' | 'risk';
  readonly methods: readonly { readonly id: string; readonly title: string }[];
  readonly patients: readonly PatientRow[];
}
export interface PatientRow {
  readonly id: string;
  readonly outcome: string;
  /** The folds in which the patient was a test patient. */
  readonly folds: readonly number[];
  readonly modalities: readonly string[];
  /**
   * The patient's mean score over `folds`, one for each method, in the order of `methods`. Null if the method predicted
   * nothing.
   */
  readonly scores: readonly (number | null)[];
  /** Whether slides or attention can be shown. */
  readonly pictures: boolean;
}

/** The slides of a patient. */
export interface PatientSlides {
  readonly id: string;
  readonly slides: readonly SlideEntry[];
  /** The heatmaps of the patient in the run directory, one for each entry. */
  readonly heatmaps: readonly { readonly modality: string; readonly file: string }[];
}

export interface SlideEntry {
  /** Number of the slide in the list. The addresses of its tiles contain this number. */
  readonly slide: number;
  readonly image: string;
  readonly source: string;
  /**
   * `slide`: tiles are cut from the file. `overlay`: the file is gone, but a small picture exists. `paper`: no
   * picture, grey background.
   */
  readonly picture: 'slide' | 'overlay' | 'paper';
  /** Why no tiles can be cut from the file of the slide. */
  readonly reason: string | null;
  /** Width of the image in the unit of the tiles' coordinates. */
  readonly width: number;
  /** Height of the image in the unit of the tiles' coordinates. */
  readonly height: number;
  readonly contours: boolean;
  /** Whether a small picture of the slide exists, which the `tile` stage made. */
  readonly thumbnail: boolean;
  /** Modalities with attention on this image, each with its fold if several folds computed attention. */
  readonly attention: readonly string[];
}

/** Attention on an image. */
export interface Attention {
  readonly unit: string;
  /** For each tile: x, y, side, raw score, attention, percentile in the bag from 0 to 1. */
  readonly tiles: readonly (readonly [number, number, number, number, number, number])[];
}
