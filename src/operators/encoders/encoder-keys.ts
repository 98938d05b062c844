import type { BagDeclaration } from '../../pipeline/config/data-schema.js';
import type { Config } from '../../pipeline/config/schema.js';
import type { StageContext } from '../../pipeline/stage.js';

/** Settings of the encoder of a job, with the keys that hold them, for messages. */
export interface EncoderKeys extends Pick<
  Config['embed']['encoder'],
  'interpolation' | 'mean' | 'std' | 'batch'
> {
  /** Key of the section that holds these settings: `embed.encoder`, or `encoder` of the modality. */
  readonly section: string;
  /** Side length of the model's input in pixels. */
  readonly side: number;
  readonly sideKey: string;
}

/**
 * The settings of the encoder of a job: those of its modality if the modality has an encoder of its own, else
 * `embed.encoder`.
 */
export function encoderKeys({ unit, config }: Pick<StageContext, 'unit' | 'config'>): EncoderKeys {
  const { modality = '', ownEncoder } = unit;
  if (ownEncoder === undefined) {
    const { interpolation, mean, std, batch } = config.embed.encoder;
    const side = config.tile.targetSize;
    return { interpolation, mean, std, batch, side, section: 'embed.encoder', sideKey: 'tile.targetSize' };
  }
  const { encoder } = config.data.modalities[modality] as BagDeclaration;
  if (encoder === undefined) throw new Error(`The job says that ${modality} has an encoder of its own`);
  const { interpolation, mean, std, batch, targetSize: side } = encoder;
  const section = `data.modalities.${modality}.encoder`;
  return { interpolation, mean, std, batch, side, section, sideKey: `${section}.targetSize` };
}
