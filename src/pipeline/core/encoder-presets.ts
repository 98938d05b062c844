/**
 * How tiles are prepared for an encoder, according to its authors or to TRIDENT. A value is null if neither of them
 * states it.
 */
export interface EncoderPreset {
  /** Side length of the model's input in pixels. */
  readonly inputSize: number;
  /** Side length of the tiles that are scaled to `inputSize`, in pixels of size `mpp`. */
  readonly tileSize: number | null;
  /**
   * Micrometres per pixel of a tile before scaling. If a source gives a magnification, this is 10 / magnification, as
   * in TRIDENT.
   */
  readonly mpp: number | null;
  /** Number of values in an instance. */
  readonly width: number;
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
  readonly interpolation: 'bilinear' | 'bicubic' | null;
  readonly licence: string;
  /** URL of the page that offers the weights, or on which a user can ask for them. */
  readonly page: string;
  /** Facts that the user needs to export or use the model as published. */
  readonly note: string | null;
}

const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;
const nonCommercial = 'CC-BY-NC-ND-4.0';

/**
 * Published encoders. Sources: the code and README of the authors (UNI, CONCH, Prov-GigaPath, TransPath on GitHub).
 * Sources for facts that the authors leave open, and for gated models: TRIDENT (trident/patch_encoder_models, its
 * table of encoders).
 */
export const encoderPresets = {
  uni: {
    ...{ inputSize: 224, tileSize: 256, mpp: 0.5, width: 1024, ...imagenet, interpolation: 'bilinear' },
    ...{ licence: nonCommercial, page: 'https://huggingface.co/MahmoodLab/UNI', note: null },
  },
  'uni2-h': {
    ...{ inputSize: 224, tileSize: 256, mpp: 0.5, width: 1536, ...imagenet, interpolation: 'bilinear' },
    ...{ licence: nonCommercial, page: 'https://huggingface.co/MahmoodLab/UNI2-h', note: null },
  },
  conch: {
    ...{ inputSize: 448, tileSize: 512, mpp: 0.5, width: 512, ...imagenet, interpolation: 'bicubic' },
    ...{ licence: nonCommercial, page: 'https://huggingface.co/MahmoodLab/CONCH' },
    note: 'Export `encode_image` with `proj_contrast=False` and `normalize=False`.',
  },
  conch1_5: {
    ...{ inputSize: 448, tileSize: 512, mpp: 0.5, width: 768, ...imagenet, interpolation: 'bilinear' },
    ...{ licence: nonCommercial, page: 'https://huggingface.co/MahmoodLab/conchv1_5', note: null },
  },
  virchow2: {
    ...{ inputSize: 224, tileSize: 224, mpp: 0.5, width: 2560, ...imagenet, interpolation: 'bicubic' },
    ...{ licence: nonCommercial, page: 'https://huggingface.co/paige-ai/Virchow2' },
    note: 'Export the class token joined with the mean of the patch tokens (from token 5 on): 2560. The class token alone has 1280: set the width.',
  },
  gigapath: {
    ...{ inputSize: 224, tileSize: 224, mpp: 0.5, width: 1536, ...imagenet, interpolation: 'bicubic' },
    ...{ licence: 'Apache-2.0', page: 'https://huggingface.co/prov-gigapath/prov-gigapath' },
    note: 'The authors cut the middle 224 px out of tiles of 256 px. Here a tile is these 224 px.',
  },
  'h-optimus-1': {
    ...{ inputSize: 224, tileSize: 224, mpp: 0.5, width: 1536, interpolation: null },
    ...{ mean: [0.707223, 0.578729, 0.703617], std: [0.211883, 0.230117, 0.177517] },
    ...{ licence: nonCommercial, page: 'https://huggingface.co/bioptimus/H-optimus-1', note: null },
  },
  'phikon-v2': {
    ...{ inputSize: 224, tileSize: 224, mpp: 0.5, width: 1024, ...imagenet, interpolation: null },
    ...{ licence: 'Owkin non-commercial', page: 'https://huggingface.co/owkin/phikon-v2' },
    note: 'Export the first token of `last_hidden_state`.',
  },
  ctranspath: {
    ...{ inputSize: 224, tileSize: 256, mpp: 1, width: 768, ...imagenet, interpolation: 'bilinear' },
    ...{ licence: 'GPL-3.0, non-commercial academic use', page: 'https://github.com/Xiyue-Wang/TransPath' },
    note: 'The authors recommend trying 1.0 um per pixel first, and then other resolutions.',
  },
  resnet50: {
    ...{ inputSize: 224, tileSize: null, mpp: null, width: 1024, ...imagenet, interpolation: 'bilinear' },
    ...{ licence: 'BSD-3-Clause', page: 'https://huggingface.co/timm/resnet50.tv_in1k' },
    note: 'Trained on ImageNet, without tissue. Export the third block with mean pooling, as TRIDENT does: 1024. The whole network has 2048: set the width.',
  },
} as const satisfies Readonly<Record<string, EncoderPreset>>;

export type EncoderPresetName = keyof typeof encoderPresets;
export const encoderPresetNames = Object.keys(encoderPresets) as [EncoderPresetName, ...EncoderPresetName[]];

export const encoderPreset = (name: EncoderPresetName): EncoderPreset => encoderPresets[name];
