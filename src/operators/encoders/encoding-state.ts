import { z } from 'zod';
import type { TrainingSnapshot } from '../../pipeline/stage.js';
import type { Encoder } from './encoder.js';
import type { TilePart } from './tile-parts.js';

const failureSchema = z.strictObject({
  /** Position of the image among those to encode. */
  image: z.number().int().min(0),
  place: z.string().nullable(),
  reason: z.string(),
  fix: z.string(),
});
/** Why an image has no instances. */
export type ImageFailure = z.infer<typeof failureSchema>;

const savedSchema = z.strictObject({
  engine: z.string(),
  parts: z.number().int().min(0),
  failures: z.array(failureSchema),
});

/** How far the tiles of a job are encoded; all that a job needs to go on elsewhere. */
export class EncodingState {
  /** Instances in the order of the parts, [tiles, width]; zero for images that failed. */
  readonly instances: Float32Array;
  readonly width: number;
  /** Parts that are done. */
  done = 0;
  failures: readonly ImageFailure[] = [];
  private readonly engine: string;

  constructor(
    private readonly parts: readonly TilePart[],
    { width, engine }: Pick<Encoder, 'width' | 'engine'>,
  ) {
    this.width = width;
    this.engine = engine;
    this.instances = new Float32Array(this.allTiles * width);
  }

  get allTiles(): number {
    return this.tilesUntil(this.parts.length);
  }

  /** Tiles in the parts that are done. */
  get tiles(): number {
    return this.tilesUntil(this.done);
  }

  /** Notes that an image has no instances; the first reason stays. */
  fail(failure: ImageFailure): void {
    if (!this.hasFailed(failure.image)) this.failures = [...this.failures, failure];
  }

  hasFailed(image: number): boolean {
    return this.failures.some((failure) => failure.image === image);
  }

  /** Where the instances of a part go. */
  rowsOf({ start, rows }: TilePart): Float32Array {
    return this.instances.subarray(start * this.width, (start + rows.length) * this.width);
  }

  /** The arrays are live: write them down before the next part. */
  snapshot(): TrainingSnapshot {
    const saved: z.infer<typeof savedSchema> = {
      engine: this.engine,
      parts: this.done,
      failures: [...this.failures],
    };
    return { state: saved, arrays: { instances: this.instances.subarray(0, this.tiles * this.width) } };
  }

  /** Takes a snapshot over; false, with nothing changed, when another engine made it or it has other tiles. */
  take({ state, arrays: { instances } }: TrainingSnapshot): boolean {
    const saved = savedSchema.safeParse(state).data;
    if (saved?.engine !== this.engine || saved.parts > this.parts.length) return false;
    if (instances?.length !== this.tilesUntil(saved.parts) * this.width) return false;
    this.instances.set(instances);
    this.done = saved.parts;
    this.failures = saved.failures;
    return true;
  }

  private tilesUntil(part: number): number {
    const last = this.parts[part - 1];
    return last ? last.start + last.rows.length : 0;
  }
}
