import { basename } from 'node:path';
import { encoderPreset, type EncoderPresetName } from '../../pipeline/core/encoder-presets.js';
import { HafError, reasonOf } from '../../pipeline/core/errors.js';
import type { SourceFile } from '../../pipeline/stage.js';
import type { TileEncoder, TileBatch } from './tile-encoder.js';
import { onnxModel, type Floats, type OnnxModel } from './onnx-session.js';
import type { EncoderKeys } from './encoder-keys.js';
import { resizer, type Resize } from './resize.js';

/** The settings of the experiment that an ONNX encoder needs. */
export interface OnnxSettings extends EncoderKeys {
  /** Number of values in an instance, and the key that sets it. */
  readonly width: number;
  readonly widthKey: string;
  /** The published encoder that the ONNX file contains, as the experiment says. */
  readonly preset: EncoderPresetName | null;
}

/**
 * UNI or another image encoder in an ONNX file of the user (method.md 2.5). Tiles are scaled as in Pillow, converted to [0, 1],
 * reduced by the mean and divided by the standard deviation, and passed as NCHW float32. The first output is used: [batch, width] as
 * it is; of [batch, tokens, width] the first token, which is the class token of a vision transformer (ViT).
 *
 * @param weights files with its weights, if they are stored in separate files
 * @throws HafError HAF_ENCODER_UNFIT if the file is not a model, does not accept such images, or gives another width
 */
export async function onnxEncoder(
  source: SourceFile,
  settings: OnnxSettings,
  weights: readonly SourceFile[] = [],
): Promise<TileEncoder> {
  const name = basename(source.name);
  const model = await onnxModel(source, weights);
  const batch = await largestBatch(model, name, settings);
  const resizes = new Map<number, Resize>();
  return {
    name,
    engine: `onnx ${model.provider}`,
    onGpu: model.provider === 'cuda',
    width: settings.width,
    batch,
    encode: async (tiles) => {
      const resize = resizes.get(tiles.side) ?? resizer(tiles.side, settings.side, settings.interpolation);
      resizes.set(tiles.side, resize);
      const output = await model.run(inputOf(tiles, resize, settings));
      return rowsOf(output, tiles.count, name, settings);
    },
  };
}

/**
 * The batch sizes that models accept. They are cached by model, and by batch size, side length and width of the
 * settings, because the test of a batch size computes a whole batch.
 */
const answers = new WeakMap<OnnxModel, Map<string, number>>();

/** The batch size of the settings, or 1 for a model that was exported for single images. */
async function largestBatch(model: OnnxModel, name: string, settings: OnnxSettings): Promise<number> {
  const { batch, side, width } = settings;
  const known = answers.get(model) ?? new Map<string, number>();
  answers.set(model, known);
  const question = `${batch}/${side}/${width}`;
  const before = known.get(question);
  if (before !== undefined) return before;
  let refusal: unknown;
  for (const count of new Set([batch, 1])) {
    const data = new Float32Array(count * 3 * side * side);
    let output: Floats;
    try {
      output = await model.run({ data, dims: [count, 3, side, side] });
    } catch (error) {
      if (error instanceof HafError) throw error;
      refusal = error;
      continue;
    }
    rowsOf(output, count, name, settings);
    known.set(question, count);
    return count;
  }
  throw new HafError(
    'HAF_ENCODER_UNFIT',
    `${name} does not take images [batch, 3, ${side}, ${side}]${presetSays(settings, 'inputSize')}${sideTaken(refusal)}: ${reasonOf(refusal)}.`,
    `Set ${settings.sideKey} to the side that the model was exported with${orPreset(settings)}; its batch size must be free, or 1.`,
    { cause: refusal },
  );
}

/** The input of the model: scaled and standardised pixels, [count, 3, side, side], channels first. */
function inputOf(
  { count, side: from, rgb }: TileBatch,
  resize: Resize,
  { side, mean, std }: OnnxSettings,
): Floats {
  const pixels = side * side;
  const data = new Float32Array(count * 3 * pixels);
  // The standardised value of each of the 256 grey levels. It is computed once per channel, so equal pixels give equal
  // float32 numbers.
  const levels = mean.map((centre, channel) =>
    Float32Array.from({ length: 256 }, (_, level) => (level / 255 - centre) / (std[channel] as number)),
  );
  for (let tile = 0; tile < count; tile++) {
    const image = resize(rgb.subarray(tile * from * from * 3, (tile + 1) * from * from * 3));
    levels.forEach((values, channel) => {
      const plane = (tile * 3 + channel) * pixels;
      for (let pixel = 0; pixel < pixels; pixel++)
        data[plane + pixel] = values[image[pixel * 3 + channel] as number] as number;
    });
  }
  return { data, dims: [count, 3, side, side] };
}

/** Says which side length the model accepts. It is read from the error message of the runtime. Empty if unknown. */
function sideTaken(refusal: unknown): string {
  const found =
    refusal instanceof Error ? /index: [23] Got: \d+ Expected: (\d+)/.exec(refusal.message) : null;
  return found === null ? '' : `, but images of ${found[1]} px`;
}

/** Text for an error about the model: the value that the preset of the experiment states. Empty without a preset. */
const presetSays = ({ preset }: OnnxSettings, fact: 'inputSize' | 'width'): string =>
  preset === null ? '' : ` (the preset ${preset} says ${encoderPreset(preset)[fact]})`;
const orPreset = ({ preset, section }: OnnxSettings): string =>
  preset === null ? '' : `, or another ${section}.preset`;

/**
 * The instance of each image, [count, width].
 * @throws HafError HAF_ENCODER_UNFIT if the output has another shape, or another width than the experiment expects
 */
function rowsOf({ data, dims }: Floats, count: number, name: string, settings: OnnxSettings): Float32Array {
  const { width, widthKey } = settings;
  const tokens = dims.length === 3 ? (dims[1] as number) : 1;
  const found = dims.at(-1);
  const fits = (dims.length === 2 || dims.length === 3) && dims[0] === count && tokens > 0;
  if (!fits)
    throw new HafError(
      'HAF_ENCODER_UNFIT',
      `${name} turns ${count} images into an output of shape [${dims.join(', ')}].`,
      'Export it with the embedding as its first output: [batch, width] or [batch, tokens, width].',
    );
  if (found !== width)
    throw new HafError(
      'HAF_ENCODER_UNFIT',
      `${name} gives instances of ${found} numbers, but the experiment expects ${width}${presetSays(settings, 'width')}.`,
      `Set ${widthKey} to ${found}, or name another model in ${settings.section}.onnx${orPreset(settings)}.`,
      { context: { key: widthKey } },
    );
  if (tokens === 1) return data.slice(0, count * width);
  const rows = new Float32Array(count * width);
  for (let row = 0; row < count; row++)
    rows.set(data.subarray(row * tokens * width, row * tokens * width + width), row * width);
  return rows;
}
