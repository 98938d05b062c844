import type { BagDeclaration } from '../../pipeline/config/data-schema.js';
import type { Problem } from '../../pipeline/core/problem.js';
import { HafError } from '../../pipeline/core/errors.js';
import type { StageContext } from '../../pipeline/stage.js';
import type { TileEncoder } from './tile-encoder.js';
import { encoderKeys } from './encoder-keys.js';
import { contradictions } from './model-config.js';
import { onnxEncoder, type OnnxSettings } from './onnx-encoder.js';
import { standInEncoder } from './stand-in.js';

/**
 * Role of the model among the sources of a job. Separate files with its weights have the same role and come after the
 * model.
 */
const encoderRole = 'encoder';

/**
 * The encoder that the unit of an `embed` job names, with warnings.
 *
 * @throws HafError HAF_ENCODER_UNFIT if it is not available on this machine or does not fit the experiment
 */
export async function openEncoder({
  unit,
  config,
  sources,
}: StageContext): Promise<{ readonly encoder: TileEncoder; readonly problems: readonly Problem[] }> {
  const { modality = '' } = unit;
  const { width } = config.data.modalities[modality] as BagDeclaration;
  if (unit.encoder === 'stand-in') return { encoder: standInEncoder(width), problems: [] };
  const [source, ...weights] = sources.filter(({ role }) => role === encoderRole);
  if (unit.encoder !== 'onnx' || !source)
    throw new HafError(
      'HAF_INTERNAL',
      `The job names the encoder "${unit.encoder ?? 'none'}" and has ${source ? 'a' : 'no'} model among its sources.`,
      'Please report it with the log of the run.',
    );
  const settings: OnnxSettings = {
    ...encoderKeys({ unit, config }),
    width,
    widthKey: `data.modalities.${modality}.width`,
    preset: unit.preset ?? null,
  };
  return {
    encoder: await onnxEncoder(source, settings, weights),
    problems: contradictions(source, settings),
  };
}
