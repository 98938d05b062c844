import type { Observable } from 'rxjs';
import { z } from 'zod';
import { encoderPresetNames } from './core/encoder-presets.js';
import type { Config } from './config/schema.js';
import { alignments } from './core/alignment.js';
import { modalityName } from './core/modality.js';
import { optionalKey } from './core/optional-key.js';
import type { Problem } from './core/problem.js';
import type { Rng } from './core/rng.js';
import { stageNames, type StageName } from './core/stage-name.js';

export { stageNames, type StageName };

/** Which workers may take a job: `cpu` runs in a pool thread, `gpu` in a trainer process that holds TensorFlow. */
export type JobClass = 'cpu' | 'gpu';

/** A core of a tissue microarray (TMA), as a part of the slide of the whole array. */
export const coreOnSlideSchema = z.strictObject({
  /** Path of the slide below the data root. `reader` is absent if this pipeline reads the slide itself. */
  file: z.string(),
  reader: optionalKey(z.literal('openslide')),
  name: z.string(),
  /** Centre of the core, in level-0 pixels or micrometres (see `at`). */
  x: z.number(),
  y: z.number(),
  at: z.enum(['px', 'um']),
  width: z.number().positive(),
  height: z.number().positive(),
  size: z.enum(['px', 'um']),
  /** Micrometres per level-0 pixel, if the slide table gives it. */
  mpp: optionalKey(z.number().positive()),
});
export type CoreOnSlide = z.infer<typeof coreOnSlideSchema>;

/**
 * What one job of a stage covers. A key that is absent does not limit the job. Without any key, the job covers the
 * whole run or cohort.
 */
export const unitSchema = z
  .strictObject({
    fold: optionalKey(z.number().int().min(0)),
    modality: optionalKey(z.string().regex(modalityName)),
    alignment: optionalKey(z.enum(alignments)),
    /** Stage 1 on the union of a patient's bags of all bag modalities. */
    union: optionalKey(z.literal(true)),
    method: optionalKey(z.string()),
    /** Path of a slide, core or feature file, relative to the data root. */
    file: optionalKey(z.string()),
    /**
     * The patient of the file, or of the images if the job has no file. Absent if only the arrays of the file tell
     * the patient.
     */
    patient: optionalKey(z.string()),
    /**
     * The rule that finds the patient in a name: in the names of the arrays in a feature file, or in names of the
     * HANCOCK dataset.
     */
    names: optionalKey(z.union([z.enum(['hancock', 'whole']), z.strictObject({ pattern: z.string() })])),
    /** Images: whether tissue is found first, or the whole image is tiled. */
    tiling: optionalKey(z.enum(['tissue', 'grid'])),
    /** What computes instances from the tiles of an image. */
    encoder: optionalKey(z.enum(['onnx', 'stand-in'])),
    /** The job uses the own encoder of its modality in place of `embed.encoder`. */
    ownEncoder: optionalKey(z.literal(true)),
    /** The published encoder that the ONNX file holds, if the experiment names it. */
    preset: optionalKey(z.enum(encoderPresetNames)),
    /** The reader of the slide. Absent if this pipeline reads the slide itself. */
    reader: optionalKey(z.literal('openslide')),
    /** Which scenes of a slide file are tiled; absent for the largest scene. */
    scene: optionalKey(z.union([z.literal('all'), z.number().int().positive()])),
    /** Micrometres per level-0 pixel of the slide, if the slide table gives it. */
    mpp: optionalKey(z.number().positive()),
    /** New patients: the part of them that the job scores, selected by the hash of their ids. Absent: all. */
    part: optionalKey(
      z.strictObject({ index: z.number().int().min(0), of: z.number().int().positive() }).readonly(),
    ),
    /** New patients: whether patients of the training are allowed among them. */
    trainedPatients: optionalKey(z.literal(true)),
    /** New patients: whether the attention of each instance is kept, for heatmaps. */
    heatmaps: optionalKey(z.literal(true)),
    /** Validation: the columns by which patients are grouped. */
    by: optionalKey(z.array(z.string()).readonly()),
    /** The cores of the patient, as parts of whole TMA slides. Absent if each image is one core. */
    cores: optionalKey(z.array(coreOnSlideSchema).readonly()),
    /** Contours that the slide table keeps, by position. Absent: all. */
    keepIds: optionalKey(z.array(z.number().int().min(0)).readonly()),
    /** Contours that the slide table leaves out, by position. Absent: none. */
    excludeIds: optionalKey(z.array(z.number().int().min(0)).readonly()),
  })
  .readonly();
export type Unit = z.infer<typeof unitSchema>;

/** A file of the user, identified by its content. `path` is absolute; `name` is relative to the data root. */
export interface SourceFile {
  readonly role: string;
  readonly name: string;
  readonly path: string;
  readonly sha256: string;
}

/** Whether a file says where the tiles of a slide are, and is not itself an image or feature file. */
export const placesTiles = ({ role }: Pick<SourceFile, 'role'>): boolean =>
  role === 'coords' || role === 'annotations';

/** Read access to one immutable artifact. */
export interface Artifact {
  readonly id: string;
  readonly unit: Unit;
  /** Parses one JSON file of the artifact. */
  json<T>(file: string, schema: z.ZodType<T>): T;
  /** The bytes of one binary file. */
  bytes(file: string): Uint8Array;
  /** Absolute path of a file, for reading parts of it. */
  path(file: string): string;
  /** Waits for a read of a part of a file. The time counts as reading the artifact (trace.csv). */
  wait<T>(read: Promise<T>): Promise<T>;
}

/** The artifacts that a job reads, by their role for the job. */
export interface Inputs {
  /**
   * The single artifact of a role.
   * @throws if there is not exactly one
   */
  one(role: StageName): Artifact;
  /** All artifacts of a role, in the order of the graph. */
  all(role: StageName): readonly Artifact[];
}

/** The state of a training job after an epoch, as the training loop holds it. */
export interface TrainingSnapshot {
  /** Any object that JSON stores without loss. */
  readonly state: object;
  readonly arrays: Readonly<Record<string, Float32Array>>;
}

/**
 * Stores checkpoints of an unfinished training job, so that it can resume elsewhere (docs/architecture.md,
 * "Checkpoints").
 */
export interface Checkpoints {
  /**
   * Passes the last checkpoint of the same code and recipe to `take`, if there is one, and sets the job's random
   * streams to their state at this checkpoint. If the job cannot resume from it, `take` returns false and must have
   * changed nothing; the job then starts from the beginning.
   */
  resume(take: (snapshot: TrainingSnapshot) => boolean): Promise<void>;
  /**
   * Offers a checkpoint after an epoch that is not the last one. `snapshot` is called only if the checkpoint is to be
   * stored.
   *
   * @throws HafError HAF_INTERRUPTED, after storing the checkpoint, if the job is asked to pause
   */
  offer(epoch: number, snapshot: () => TrainingSnapshot): Promise<void>;
}

/** The inputs of a stage's code. Everything that may change its output is here. */
export interface StageContext {
  readonly unit: Unit;
  /** Only the sections that the stage declares in `reads` exist. Access to another section throws. */
  readonly config: Config;
  readonly inputs: Inputs;
  readonly sources: readonly SourceFile[];
  /** A random stream that belongs to this job, named by its purpose. A second request for the same purpose throws. */
  readonly rng: (purpose: string) => Rng;
  readonly checkpoints: Checkpoints;
}

/**
 * Progress of a job after an epoch of a training. Other jobs report after a fold or after some tiles. Losses are means
 * per patient.
 */
export interface EpochProgress {
  readonly type: 'epoch';
  readonly epoch: number;
  readonly epochs: number;
  readonly metrics: Readonly<Record<string, number | null>>;
}

/**
 * The last value that a stage emits: the named files of its artifact. Objects are stored as JSON. Byte arrays are
 * stored unchanged.
 */
export interface StageOutput {
  readonly type: 'output';
  readonly files: Readonly<Record<string, Uint8Array | object>>;
  /** What was left out or looks wrong. Collected into problems.csv. */
  readonly problems?: readonly Problem[];
  /** A few numbers to show as soon as the job is done (for example the AUC of a fold). */
  readonly metrics?: Readonly<Record<string, number | null>>;
}

export type StageEvent = EpochProgress | StageOutput;

/**
 * The code of a stage: a cold Observable that emits progress and, at the end, its output. Unsubscribing cancels it.
 */
export type StageCode = (context: StageContext) => Observable<StageEvent>;

/** A section of the config (`mil`) or a key in a section (`data.modalities.WSI.width`). */
export type ConfigPath = keyof Config | `${keyof Config}.${string}`;

/**
 * A stage as the graph uses it: what it reads, and how its code is loaded. The definition itself loads no stage code.
 */
export interface StageDefinition {
  readonly name: StageName;
  /**
   * Raise the version if a change of the code changes the result of the same recipe. A function can raise it only
   * for the units whose result changes.
   */
  readonly version: number | ((unit: Unit) => number);
  readonly class: JobClass | ((unit: Unit) => JobClass);
  /** The config keys that enter the artifact's id: sections, or keys of a section by path. */
  readonly reads: (unit: Unit) => readonly ConfigPath[];
  /**
   * The files that the stage opens, by the role of the input. If a role is absent: all files. Other files are not
   * fetched to the machine of the job, and opening one throws.
   */
  readonly opens?: Readonly<Partial<Record<StageName, readonly string[]>>>;
  /**
   * Each job of the stage covers one file of the user or one patient. If such a job fails, the run can continue without
   * the file or the patient.
   */
  readonly perFile?: true;
  readonly about: string;
  readonly load: () => Promise<StageCode>;
}
