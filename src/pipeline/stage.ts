import type { Observable } from 'rxjs';
import { z } from 'zod';
import { encoderPresetNames } from './core/encoder-presets.js';
import type { Config } from './config/schema.js';
import { alignments } from './core/alignment.js';
import { modalityName } from './core/modality.js';
import type { Problem } from './core/problem.js';
import type { Rng } from './core/rng.js';
import { stageNames, type StageName } from './core/stage-name.js';

export { stageNames, type StageName };

/** Which workers may take a job: `cpu` runs in a thread, `gpu` in a trainer process that holds TensorFlow. */
export type JobClass = 'cpu' | 'gpu';

/** A core of a tissue microarray on the slide of all of them. */
export const coreOnSlideSchema = z.strictObject({
  /** Path of the slide below the data root, and who reads it when it is not the reader of this pipeline. */
  file: z.string(),
  reader: z.literal('openslide').exactOptional(),
  name: z.string(),
  /** The middle, in level-0 pixels or micrometres. */
  x: z.number(),
  y: z.number(),
  at: z.enum(['px', 'um']),
  width: z.number().positive(),
  height: z.number().positive(),
  size: z.enum(['px', 'um']),
  /** What the slide table says of the slide. */
  mpp: z.number().positive().exactOptional(),
});
export type CoreOnSlide = z.infer<typeof coreOnSlideSchema>;

/** What one job of a stage covers. Absent members: the whole run or cohort. */
export const unitSchema = z
  .strictObject({
    fold: z.number().int().min(0).exactOptional(),
    modality: z.string().regex(modalityName).exactOptional(),
    alignment: z.enum(alignments).exactOptional(),
    /** Stage 1 on the union of a patient's bags of all bag modalities. */
    union: z.literal(true).exactOptional(),
    method: z.string().exactOptional(),
    /** Path of a slide, core or feature file below the data root. */
    file: z.string().exactOptional(),
    /** Whose the file is, or whose images a job without a file covers. Absent: nothing but the arrays of a file say it. */
    patient: z.string().exactOptional(),
    /** How the arrays of a feature file, or HANCOCK's names, say whose they are. */
    names: z.union([z.enum(['hancock', 'whole']), z.strictObject({ pattern: z.string() })]).exactOptional(),
    /** Images: whether tissue is found first or all of the image is tiled. */
    tiling: z.enum(['tissue', 'grid']).exactOptional(),
    /** What makes instances of the tiles of an image. */
    encoder: z.enum(['onnx', 'stand-in']).exactOptional(),
    /** The published encoder that the ONNX file holds, when the experiment says so. */
    preset: z.enum(encoderPresetNames).exactOptional(),
    /** Who reads the slide, when it is not the reader of this pipeline. */
    reader: z.literal('openslide').exactOptional(),
    /** Which scenes of a slide file are tiled, when it is not the largest one alone. */
    scene: z.union([z.literal('all'), z.number().int().positive()]).exactOptional(),
    /** What the slide table says of the slide: micrometres per level-0 pixel, contours to keep or to leave out. */
    mpp: z.number().positive().exactOptional(),
    /** New patients: the share of them that the job scores, by the hash of their ids; absent for all. */
    part: z
      .strictObject({ index: z.number().int().min(0), of: z.number().int().positive() })
      .readonly()
      .exactOptional(),
    /** New patients: whether some may be patients of the training. */
    trainedPatients: z.literal(true).exactOptional(),
    /** New patients: whether the attention of each instance is kept, for pictures. */
    heatmaps: z.literal(true).exactOptional(),
    /** Validation: the columns by which patients are grouped. */
    by: z.array(z.string()).readonly().exactOptional(),
    /** Which parts of the slides are the cores of the patient; absent where each image is a core. */
    cores: z.array(coreOnSlideSchema).readonly().exactOptional(),
    keepIds: z.array(z.number().int().min(0)).readonly().exactOptional(),
    excludeIds: z.array(z.number().int().min(0)).readonly().exactOptional(),
  })
  .readonly();
export type Unit = z.infer<typeof unitSchema>;

/** A file of the user's, named by its content. `path` is absolute; `name` is relative to the data root. */
export interface SourceFile {
  readonly role: string;
  readonly name: string;
  readonly path: string;
  readonly sha256: string;
}

/** Whether a file says where the tiles of a slide lie, and is no image or feature file itself. */
export const placesTiles = ({ role }: Pick<SourceFile, 'role'>): boolean =>
  role === 'coords' || role === 'annotations';

/** Read access to one immutable artifact. */
export interface Artifact {
  readonly id: string;
  readonly unit: Unit;
  /** Parses one JSON file of the artifact. */
  json<T>(file: string, schema: z.ZodType<T>): T;
  /** One whole binary file. */
  bytes(file: string): Uint8Array;
  /** Absolute path of a file, to read it by range. */
  path(file: string): string;
  /** Waits for such a read, which counts as reading the artifact (trace.csv). */
  wait<T>(read: Promise<T>): Promise<T>;
}

/** The artifacts a job reads, by the role they play for it. */
export interface Inputs {
  /** The single artifact of a role. @throws when there is not exactly one. */
  one(role: StageName): Artifact;
  /** All artifacts of a role, in the order of the graph. */
  all(role: StageName): readonly Artifact[];
}

/** The state of a training job after an epoch, as the training loop keeps it. */
export interface TrainingSnapshot {
  /** What JSON can hold without loss. */
  readonly state: object;
  readonly arrays: Readonly<Record<string, Float32Array>>;
}

/** Keeps the state of an unfinished training job, so that it can go on elsewhere (docs/architecture.md, "Checkpoints"). */
export interface Checkpoints {
  /**
   * Hands over the state kept last by the same code for the same recipe, if there is one, and puts the job's random
   * streams where they stood then. `take` returns false, having changed nothing, when the job cannot go on from it:
   * it then starts from the beginning.
   */
  resume(take: (snapshot: TrainingSnapshot) => boolean): Promise<void>;
  /**
   * Offers the state after an epoch that is not the last one; `snapshot` is called only when it is to be kept.
   *
   * @throws HafError HAF_INTERRUPTED, with the state kept, when the job is asked to pause
   */
  offer(epoch: number, snapshot: () => TrainingSnapshot): Promise<void>;
}

/** What a stage's code is given; everything that may change its output is in here. */
export interface StageContext {
  readonly unit: Unit;
  /** Only the sections the stage declares in `reads` are there; touching another throws. */
  readonly config: Config;
  readonly inputs: Inputs;
  readonly sources: readonly SourceFile[];
  /** A random stream of this job's own, named by purpose; asking twice for the same one throws. */
  readonly rng: (purpose: string) => Rng;
  readonly checkpoints: Checkpoints;
}

/** Progress of a training job after an epoch; all numbers are per-patient means. */
export interface EpochProgress {
  readonly type: 'epoch';
  readonly epoch: number;
  readonly epochs: number;
  readonly metrics: Readonly<Record<string, number | null>>;
}

/** The last thing a stage emits: the named files of its artifact. Objects are stored as JSON, bytes as they are. */
export interface StageOutput {
  readonly type: 'output';
  readonly files: Readonly<Record<string, Uint8Array | object>>;
  /** What was left out on the way; collected into problems.csv. */
  readonly problems?: readonly Problem[];
  /** A few numbers worth showing as soon as the job is done (for example the AUC of a fold). */
  readonly metrics?: Readonly<Record<string, number | null>>;
}

export type StageEvent = EpochProgress | StageOutput;

/** The code of a stage: a cold Observable that emits progress and, last, its output; unsubscribing cancels it. */
export type StageCode = (context: StageContext) => Observable<StageEvent>;

/** A section of the config (`mil`) or a key inside of one (`data.modalities.WSI.width`). */
export type ConfigPath = keyof Config | `${keyof Config}.${string}`;

/** A stage as the graph knows it: what it reads and where its code lies, without loading it. */
export interface StageDefinition {
  readonly name: StageName;
  /** Raise it when the code would compute something else from the same recipe: for all units, or for those alone that it changes. */
  readonly version: number | ((unit: Unit) => number);
  readonly class: JobClass | ((unit: Unit) => JobClass);
  /** The config keys that go into the artifact's id: sections, or keys of a section by path. */
  readonly reads: (unit: Unit) => readonly ConfigPath[];
  /**
   * The files it opens of an input role; all of them when not given. Others are not brought to its machine, and
   * opening one throws.
   */
  readonly opens?: Readonly<Partial<Record<StageName, readonly string[]>>>;
  /** Each of its jobs covers a file of the user's or a patient's: a run can go on without one that fails. */
  readonly perFile?: true;
  readonly about: string;
  readonly load: () => Promise<StageCode>;
}
