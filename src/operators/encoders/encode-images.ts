import { setImmediate } from 'node:timers/promises';
import { HafError } from '../../pipeline/core/errors.js';
import { patientId } from '../../pipeline/core/patient-id.js';
import type { Problem } from '../../pipeline/core/problem.js';
import type { StageContext, StageOutput } from '../../pipeline/stage.js';
import { bagFiles, storable } from '../features/bag-files.js';
import type { FeatureBag } from '../features/feature-reader.js';
import { reportingStage, type ReportingControl } from '../reporting-stage.js';
import { openSlide } from '../slides/open-slide.js';
import type { Encoder } from './encoder.js';
import { EncodingState, type ImageFailure } from './encoding-state.js';
import { openEncoder } from './open-encoder.js';
import { readParts, type PartTiles } from './part-tiles.js';
import { partsOf, type TilePart } from './tile-parts.js';
import { tiledImages, type EncodableImage } from './tiled-images.js';

/**
 * The half of `embed` that starts from images: has the tiles of a `tile` artifact encoded (method.md 2.5, 2.6) and
 * writes what ingestion writes too, with the coordinates of every instance. An image that breaks while it is read has
 * no bag and is a problem of the run; the others go on. Emits progress part by part, and goes on from a checkpoint
 * without encoding a tile twice.
 *
 * @throws HafError HAF_ENCODER_UNFIT when the encoder is not there or does not fit the experiment
 */
export const encodeImages = reportingStage(
  async (context: StageContext, { emit, signal }: ReportingControl): Promise<StageOutput> => {
    const { images, coords } = tiledImages(context);
    const { encoder, problems } = await openEncoder(context);
    const parts = partsOf(images, coords, encoder.batch);
    const state = new EncodingState(parts, encoder);
    await context.checkpoints.resume((snapshot) => state.take(snapshot));
    const readable = images.map(({ path, tile }) => ({ open: () => openSlide(path), geometry: tile }));
    for await (const tiles of readParts(parts.slice(state.done), readable, coords)) {
      await encodePart(tiles, images, encoder, state, signal);
      const metrics = { tiles: state.tiles, ofTiles: state.allTiles };
      emit({ type: 'epoch', epoch: state.done, epochs: parts.length, metrics });
      if (state.done < parts.length) await context.checkpoints.offer(state.done, () => state.snapshot());
    }
    const { precision } = context.config.embed;
    const dialect = context.unit.modality === 'WSI' ? 'slide' : 'cores';
    const bags = bagsOf(images, coords, parts, state);
    const stored = storable({ dialect, encoder: encoder.name, bags, rejected: [] }, precision);
    return {
      type: 'output',
      files: bagFiles(stored, encoder.width, precision),
      problems: [
        ...problems,
        ...state.failures.map((failure) => problemOf(images, failure)),
        ...stored.rejected.map((part): Problem => ({ stage: 'embed', file: part.place, ...part })),
      ],
    };
  },
);

/** Encodes the tiles of a part into their place in the state, or notes why their image has no instances. */
async function encodePart(
  tiles: PartTiles,
  images: readonly EncodableImage[],
  encoder: Encoder,
  state: EncodingState,
  signal: AbortSignal,
): Promise<void> {
  const { part } = tiles;
  if ('unreadable' in tiles) state.fail(unreadable(part, tiles.unreadable));
  else if (!state.hasFailed(part.image)) {
    const side = images[part.image]?.tile.sizePx ?? 0;
    const rows = state.rowsOf(part);
    for (let from = 0; from < part.rows.length; from += encoder.batch) {
      const count = Math.min(encoder.batch, part.rows.length - from);
      const bytes = side * side * 3;
      const rgb = tiles.rgb.subarray(from * bytes, (from + count) * bytes);
      const values = await encoder.encode({ count, side, rgb });
      if (!values.every((value) => Number.isFinite(value))) {
        state.fail(notFinite(part, encoder));
        break;
      }
      rows.set(values, from * encoder.width);
      // An encoder may hold the thread for seconds; between two batches the word to stop gets through.
      await setImmediate();
      signal.throwIfAborted();
    }
  }
  state.done++;
}

const textOr = <T>(value: unknown, other: T): string | T => (typeof value === 'string' ? value : other);

const unreadable = ({ image }: TilePart, { what, fix, context }: HafError): ImageFailure => ({
  image,
  place: textOr(context['place'], null),
  reason: textOr(context['reason'], what),
  fix,
});

const notFinite = ({ image }: TilePart, { name }: Encoder): ImageFailure => ({
  image,
  place: null,
  reason: `the encoder ${name} makes NaN or infinite values of its tiles`,
  fix: 'Check embed.encoder.mean and std; a model in float16 may have to be exported in float32.',
});

function problemOf(images: readonly EncodableImage[], { image, ...about }: ImageFailure): Problem {
  const { file = null, patient = null } = images[image] ?? {};
  return { severity: 'failure', stage: 'embed', patient, file, ...about };
}

/** The bags of all images that were encoded to the end, their rows in the order of the `tile` artifact. */
function bagsOf(
  images: readonly EncodableImage[],
  coords: Int32Array,
  parts: readonly TilePart[],
  state: EncodingState,
): readonly FeatureBag[] {
  return images.flatMap((image, position): readonly FeatureBag[] => {
    const { id, file, source, start, rows, tile } = image;
    const patient = patientId(image.patient ?? '');
    if (patient === null)
      throw new HafError(
        'HAF_INTERNAL',
        `${file} has tiles but no patient.`,
        'Please report it with the log of the run.',
      );
    if (state.hasFailed(position)) return [];
    const { width } = state;
    const values = new Float32Array(rows * width);
    for (const part of parts.filter((candidate) => candidate.image === position)) {
      const encoded = state.rowsOf(part);
      part.rows.forEach((row, i) =>
        values.set(encoded.subarray(i * width, (i + 1) * width), (row - start) * width),
      );
    }
    const corners = Float32Array.from(coords.subarray(start * 2, (start + rows) * 2));
    return [
      {
        ...{ patient, source, image: id, place: file, values, mpp: tile.mpp },
        coords: { unit: 'px', side: tile.level0Px, values: corners },
      },
    ];
  });
}
