import { z } from 'zod';
import type { EpochProgress, TrainingSnapshot } from '../../pipeline/stage.js';
import type { TileEncoder } from './tile-encoder.js';

/**
 * Maximum number of progress reports of a job. Checkpoints are by default ten reports apart, that is 4 % of the work.
 */
const mostReports = 250;

const failureSchema = z.strictObject({
  /** Position of the image in the list of images to encode. */
  image: z.number().int().min(0),
  place: z.string().nullable(),
  reason: z.string(),
  fix: z.string(),
});
/** Why an image has no instances, or a note on an image that has some. */
export type ImageFailure = z.infer<typeof failureSchema>;

const count = z.number().int().min(0);
const amountSchema = z.strictObject({ tiles: count, batches: count });
type Amount = z.infer<typeof amountSchema>;

const savedSchema = z.strictObject({
  engine: z.string(),
  /**
   * The order in which `readTiles` returns tiles. Raise this number whenever the order changes, because `done` counts
   * batches in this order.
   */
  order: z.literal(2),
  done: amountSchema,
  failures: z.array(failureSchema),
  damaged: z.array(z.tuple([count, count])).default([]),
  warnings: z.array(failureSchema).default([]),
});

/** Number of tiles and batches of all images before an image (`before`), and of the image itself (`own`). */
interface Share {
  readonly before: Amount;
  readonly own: Amount;
}
const sum = (a: Amount, b: Amount): Amount => ({ tiles: a.tiles + b.tiles, batches: a.batches + b.batches });

/** Which tiles of the job are encoded. It contains everything that the job needs to resume elsewhere. */
export class EncodingState {
  readonly width: number;
  failures: readonly ImageFailure[] = [];
  /** Warnings of images that were read completely. */
  warnings: ImageFailure[] = [];
  /** The tiles that touch damaged pixels of their slide: position of the image, and row of the tile in this image. */
  private damaged: (readonly [image: number, row: number])[] = [];
  /** Instances of all images, concatenated, [rows, width]. Zeros for images that failed. */
  private readonly instances: Float32Array;
  private readonly engine: string;
  private readonly onGpu: boolean;
  private readonly shares: readonly Share[];
  private readonly perReport: number;
  private all: Amount = { tiles: 0, batches: 0 };
  /** The number of finished tiles and batches. An image that failed counts as finished. */
  private done: Amount = { tiles: 0, batches: 0 };

  /** @param images number of tiles of each image */
  constructor(images: readonly { readonly rows: number }[], { width, engine, batch, onGpu }: TileEncoder) {
    this.shares = images.map(({ rows }) => {
      const share = { before: this.all, own: { tiles: rows, batches: Math.ceil(rows / batch) } };
      this.all = sum(share.before, share.own);
      return share;
    });
    this.width = width;
    this.engine = engine;
    this.onGpu = onGpu;
    this.instances = new Float32Array(this.all.tiles * width);
    this.perReport = Math.max(1, Math.ceil(this.all.batches / mostReports));
  }

  /** Number of finished batches of an image, and of all its batches. */
  batchesOf(image: number): { readonly done: number; readonly all: number } {
    const { before, own } = this.share(image);
    return { done: Math.max(0, Math.min(own.batches, this.done.batches - before.batches)), all: own.batches };
  }

  /** Rows of the tiles of an image that touch damaged pixels. These tiles are left out of the bag. */
  damagedOf(image: number): ReadonlySet<number> {
    return new Set(this.damaged.flatMap(([of, row]) => (of === image ? [row] : [])));
  }

  /** Instances of an image, [rows, width], in the order of its coordinates. Null if it failed. */
  instancesOf(image: number): Float32Array | null {
    const { before, own } = this.share(image);
    if (this.failures.some((failure) => failure.image === image)) return null;
    return this.instances.subarray(before.tiles * this.width, (before.tiles + own.tiles) * this.width);
  }

  /** Adds the next batch of an image: `values` [rows.length, width] are the instances of these rows. */
  add(
    image: number,
    { rows, damaged }: { readonly rows: readonly number[]; readonly damaged: readonly number[] },
    values: Float32Array,
  ): void {
    for (const row of damaged) this.damaged.push([image, row]);
    const { width } = this;
    const first = this.share(image).before.tiles;
    rows.forEach((row, i) =>
      this.instances.set(values.subarray(i * width, (i + 1) * width), (first + row) * width),
    );
    this.done = sum(this.done, { tiles: rows.length, batches: 1 });
  }

  /** Marks an image as failed. */
  fail(failure: ImageFailure): void {
    const { before, own } = this.share(failure.image);
    this.failures = [...this.failures, failure];
    this.done = sum(before, own);
  }

  /** The progress of the job. Null if the last batch is not followed by a report. */
  get report(): EpochProgress | null {
    const { done, all } = this;
    if (done.batches % this.perReport !== 0 && done.batches !== all.batches) return null;
    return {
      type: 'epoch',
      epoch: Math.ceil(done.batches / this.perReport),
      epochs: Math.ceil(all.batches / this.perReport),
      metrics: { tiles: done.tiles, ofTiles: all.tiles, gpu: this.onGpu ? 1 : 0 },
    };
  }

  /** The snapshot shares the arrays of this object. Save it before the next batch changes them. */
  snapshot(): TrainingSnapshot {
    const { engine, done, failures, instances, warnings } = this;
    const damaged = this.damaged.map(([image, row]): [number, number] => [image, row]);
    const saved: z.infer<typeof savedSchema> = {
      engine,
      order: 2,
      done,
      failures: [...failures],
      damaged,
      warnings,
    };
    return { state: saved, arrays: { instances } };
  }

  /**
   * Restores a snapshot. Returns false and changes nothing if another engine made the snapshot or if its number of
   * tiles differs.
   */
  take({ state, arrays: { instances } }: TrainingSnapshot): boolean {
    const saved = savedSchema.safeParse(state).data;
    if (saved?.engine !== this.engine || instances?.length !== this.instances.length) return false;
    this.instances.set(instances);
    this.done = saved.done;
    this.failures = saved.failures;
    this.damaged = saved.damaged;
    this.warnings = saved.warnings;
    return true;
  }

  private share(image: number): Share {
    const share = this.shares[image];
    if (!share) throw new RangeError(`There is no image ${image}`);
    return share;
  }
}
