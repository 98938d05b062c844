import { setImmediate } from 'node:timers/promises';
import { HafError, type ErrorCode } from '../../pipeline/core/errors.js';
import type { Problem } from '../../pipeline/core/problem.js';
import type { EpochProgress, SourceFile, StageContext, StageOutput, Unit } from '../../pipeline/stage.js';
import { bagFiles, storable } from '../features/bag-files.js';
import type { FeatureBag } from '../features/feature-reader.js';
import { reportingStage, type ReportingControl } from '../tensor/reporting-stage.js';
import { cropped } from '../slides/cropped.js';
import { layOutParts } from '../slides/lay-out-parts.js';
import { openSlide } from '../slides/open-slide.js';
import { type PastDamage, pastDamage } from '../slides/past-damage.js';
import { copyAgain } from '../slides/unreadable.js';
import type { TileEncoder } from './tile-encoder.js';
import { EncodingState, type ImageFailure } from './encoding-state.js';
import { openEncoder } from './open-encoder.js';
import { scaleWarnings } from './preset-scale.js';
import { tileBatches } from './tile-batches.js';
import { tiledImages, type EncodableImage } from './tiled-images.js';

/**
 * The part of `embed` for images: encodes the tiles of a `tile` artifact (method.md 2.5, 2.6) and writes the same kinds
 * of files as `embed` for feature files, with the coordinates of every instance. An image that fails while it is read
 * gets no bag and is a problem of the run. The job continues with the other images. Emits progress at intervals, and
 * resumes from a checkpoint without encoding a tile twice.
 *
 * @throws HafError HAF_ENCODER_UNFIT if the encoder is missing or does not fit the experiment
 */
export const encodeImages = reportingStage(
  async (context: StageContext, control: ReportingControl): Promise<StageOutput> => {
    const { images, coords } = tiledImages(context);
    const { encoder, problems } = await openEncoder(context);
    const state = new EncodingState(images, encoder);
    await context.checkpoints.resume((snapshot) => state.take(snapshot));
    for (const [position, image] of images.entries()) {
      const ofImage = coords.subarray(image.start * 2, (image.start + image.rows) * 2);
      for await (const report of encodeImage(position, image, ofImage, { encoder, state, context })) {
        control.signal.throwIfAborted();
        control.emit(report);
        if (report.epoch < report.epochs)
          await context.checkpoints.offer(report.epoch, () => state.snapshot());
      }
    }
    const { precision } = context.config.embed;
    const dialect = context.unit.tiling === 'tissue' ? 'slide' : 'cores';
    const bags = bagsOf(images, coords, state);
    const stored = storable({ dialect, encoder: encoder.name, bags, rejected: [] }, precision);
    return {
      type: 'output',
      files: bagFiles(stored, encoder.width, precision),
      problems: [
        ...problems,
        ...scaleWarnings(images, context),
        ...state.failures.map((failure) => problemOf(images, failure, 'failure')),
        ...state.warnings.map((warning) => problemOf(images, warning, 'warning')),
        ...images.flatMap((image, position) => leftOut(image, state.damagedOf(position).size)),
        ...stored.rejected.map((part): Problem => ({ stage: 'embed', file: part.place, ...part })),
      ],
    };
  },
);

/** The objects that are the same for all images of a job. */
interface Encoding {
  readonly encoder: TileEncoder;
  readonly state: EncodingState;
  readonly context: Pick<StageContext, 'unit' | 'sources' | 'config'>;
}

/** Encodes the remaining tiles of an image and yields progress. Stops with a failure if the image cannot be read. */
async function* encodeImage(
  image: number,
  { slide, scene, region, tile }: EncodableImage,
  coords: Int32Array,
  { encoder, state, context }: Encoding,
): AsyncGenerator<EpochProgress> {
  const { done, all } = state.batchesOf(image);
  if (done === all) return;
  let reader: PastDamage | null = null;
  const { path, remove } = layOutParts(slide, context.sources);
  try {
    const whole = await openSlide(path, readerOf(slide, context.unit), scene);
    reader = pastDamage(region === undefined ? whole : cropped(whole, region), shareOf(context));
    // Tiles that an earlier attempt has encoded are read again and skipped. Reading costs little compared with
    // encoding.
    let batch = 0;
    for await (const tiles of tileBatches(reader, coords, tile, encoder.batch)) {
      if (batch++ < done) continue;
      const values = await encoder.encode(tiles);
      if (!values.every((value) => Number.isFinite(value))) throw notFinite(encoder, context);
      state.add(image, tiles, values);
      // An encoder may block the thread for seconds. This pause lets the process receive an abort between two batches.
      await setImmediate();
      if (batch === all) state.warnings.push(...warningsOf(image, reader));
      if (state.report) yield state.report;
    }
  } catch (error) {
    if (!(error instanceof HafError) || !faultsOfImages.includes(error.code)) throw error;
    state.fail(failureOf(image, error));
    if (state.report) yield state.report;
  } finally {
    await reader?.close();
    remove();
  }
}

/** The reader of a slide. The TMA slides of one patient may have different readers. */
const readerOf = ({ name }: SourceFile, { reader, cores = [] }: Unit): Unit['reader'] =>
  reader ?? cores.find(({ file }) => file === name)?.reader;

/**
 * Maximum fraction of damaged stored tiles in an image. A core is one piece with few tiles, so no damage is accepted
 * there.
 */
const shareOf = ({ unit, config }: Encoding['context']): number =>
  unit.tiling === 'tissue' ? config.tile.damagedShare : 0;

/** Codes of errors that concern only one image. The job continues with the other images. */
const faultsOfImages: readonly ErrorCode[] = ['HAF_SLIDE_UNREADABLE', 'HAF_FEATURES_INVALID'];

const notFinite = ({ name }: TileEncoder, { unit }: Encoding['context']): HafError =>
  new HafError(
    'HAF_FEATURES_INVALID',
    `the encoder ${name} computes NaN or infinite values for its tiles`,
    `Check ${unit.ownEncoder ? `data.modalities.${unit.modality ?? ''}.encoder` : 'embed.encoder'}.mean and std; a model in float16 may have to be exported in float32.`,
  );

const textOr = <T>(value: unknown, other: T): string | T => (typeof value === 'string' ? value : other);

const failureOf = (image: number, { what, fix, context }: HafError): ImageFailure => ({
  image,
  place: textOr(context['place'], null),
  reason: textOr(context['reason'], what),
  fix,
});

function problemOf(
  images: readonly EncodableImage[],
  { image, ...about }: ImageFailure,
  severity: Problem['severity'],
): Problem {
  const { file = null, patient = null } = images[image] ?? {};
  return { severity, stage: 'embed', patient, file, ...about };
}

const warningsOf = (image: number, reader: PastDamage): readonly ImageFailure[] =>
  reader.damage().map(({ reason, fix }) => ({ image, place: null, reason, fix }));

/** A warning that `count` tiles of a slide are left out, because their pixels are damaged. Empty if `count` is 0. */
const leftOut = ({ file, patient, rows }: EncodableImage, count: number): readonly Problem[] =>
  count === 0
    ? []
    : [
        {
          ...{ severity: 'warning', stage: 'embed', patient, file, place: null },
          reason: `${count} of its ${rows} tiles are left out, because pixels of them are damaged.`,
          fix: `${copyAgain} tile.damagedShare says how much of a slide may be damaged.`,
        },
      ];

/** The bags of all images that were encoded completely, without the tiles of damaged pixels. */
function bagsOf(
  images: readonly EncodableImage[],
  coords: Int32Array,
  state: EncodingState,
): readonly FeatureBag[] {
  return images.flatMap((image, position): readonly FeatureBag[] => {
    const { id, file, source, start, rows, tile, patient } = image;
    const all = state.instancesOf(position);
    if (all === null) return [];
    const damaged = state.damagedOf(position);
    const values = withoutRows(all, damaged, state.width);
    const corners = withoutRows(
      Float32Array.from(coords.subarray(start * 2, (start + rows) * 2)),
      damaged,
      2,
    );
    return [
      {
        ...{ patient, source, image: id, place: file, values, mpp: tile.mpp },
        coords: { unit: 'px', side: tile.level0Px, values: corners },
      },
    ];
  });
}

/** Returns the instances [rows, width] without those at the positions `left`. */
function withoutRows(values: Float32Array, left: ReadonlySet<number>, width: number): Float32Array {
  return left.size === 0 ? values : values.filter((_, i) => !left.has(Math.floor(i / width)));
}
