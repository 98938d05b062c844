import { statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Config } from '../config/schema.js';
import { bagOf } from '../config/slots.js';
import { HafError } from '../core/errors.js';
import type { ModalityId } from '../core/modality.js';
import { staysWithin } from '../core/path-within.js';

/** A file of the encoder that is not yet hashed. */
export interface EncoderFile {
  readonly role: 'encoder';
  readonly name: string;
  readonly path: string;
}

const unfit = (what: string, fix: string): HafError => new HafError('HAF_ENCODER_UNFIT', what, fix);

/** A model, and the key of the experiment that names it. */
interface NamedModel {
  readonly onnx: string;
  readonly key: string;
}

/**
 * The models that encode images of the experiment. `shared` is the model of `embed.encoder`. `own` lists the models
 * of modalities with their own encoder.
 */
export function modelsOf(
  { embed, data }: Config,
  images: ReadonlySet<ModalityId>,
): {
  readonly shared: NamedModel | null;
  readonly own: readonly (NamedModel & { readonly modality: ModalityId })[];
} {
  const own = [...images].flatMap((modality) => {
    const { encoder } = bagOf({ modalities: null, data }, modality);
    const key = `data.modalities.${modality}.encoder.onnx`;
    return encoder === undefined ? [] : [{ modality, onnx: encoder.onnx, key }];
  });
  const { onnx } = embed.encoder;
  const shared = onnx === null || own.length === images.size ? null : { onnx, key: 'embed.encoder.onnx' };
  return { shared, own };
}

/**
 * A model that encodes images, followed by the files with its weights if these are stored separately. Different
 * weights make a different model, so these files are sources too.
 *
 * @throws HafError HAF_ENCODER_UNFIT if one of the files does not exist
 */
export async function findEncoder({ onnx, key }: NamedModel, root: string): Promise<readonly EncoderFile[]> {
  const path = resolve(root, onnx);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile() !== true)
    throw unfit(
      found ? `${path} (${key}) is not a file, so it is not a model.` : `There is no model ${path} (${key}).`,
      'Correct the path: absolute, or relative to the data folder. The pipeline ships no model (docs/encoders.md).',
    );
  const { weightFiles } = await import('../../operators/encoders/onnx-weights.js');
  const weights = weightFiles(path).map((beside): EncoderFile => {
    const file = join(dirname(path), beside);
    if (!staysWithin(beside) || statSync(file, { throwIfNoEntry: false })?.isFile() !== true)
      throw unfit(
        `${path} (${key}) has its weights in ${JSON.stringify(beside)}, which is not in the same folder.`,
        'Copy that file into the same folder, or export the model with its weights inside (docs/encoders.md).',
      );
    return { role: 'encoder', name: join(dirname(onnx), beside), path: file };
  });
  return [{ role: 'encoder', name: onnx, path }, ...weights];
}
