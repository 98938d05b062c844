import { z } from 'zod';
import { encoderPresetNames } from '../core/encoder-presets.js';

const positive = z.number().positive();
const share = z.number().min(0).lt(1);

const override = <T extends z.ZodType>(type: T, text: string) =>
  type.nullable().default(null).describe(`${text}. null uses the value of the preset (3.1).`);

/** Sections of the experiment about images: tissue, tiles, cores and the encoder (docs/method.md 2 and 3). */
export const tissueSchema = z.strictObject({
  preset: z
    .enum(['default', 'tcga', 'bwh_biopsy', 'bwh_resection', 'tma', 'bypass'])
    .default('default')
    .describe(
      'Thresholds of CLAM. tma is for slides of a tissue microarray; bypass takes the whole slide (3.1).',
    ),
  segLevel: override(
    z.number().int().min(-1),
    'Level to segment. -1 is the level nearest to 64x downsampling',
  ),
  sthresh: override(z.number().int().min(0).max(255), 'Saturation above which a pixel is tissue'),
  mthresh: override(
    z
      .number()
      .int()
      .positive()
      .refine((kernel) => kernel % 2 === 1, 'must be odd, so that the kernel has a middle'),
    'Kernel of the median blur in pixels, an odd number. 1 turns it off',
  ),
  close: override(z.number().int().min(0), 'Kernel of the morphological closing in pixels. 0 turns it off'),
  useOtsu: override(z.boolean(), "Find the threshold by Otsu's method"),
  minArea: override(z.number().min(0), 'a_t, minimum area of tissue, in tiles of 512 x 512'),
  minHoleArea: override(z.number().min(0), 'a_h, minimum area of a hole, in tiles of 512 x 512'),
  maxHoles: override(z.number().int().min(0), 'Maximum number of holes of a contour'),
  contourTest: override(
    z.enum(['basic', 'center', 'four_pt', 'four_pt_hard']),
    'Which points of a tile must lie in the tissue (3.2)',
  ),
  padding: override(z.boolean(), 'Keep tiles that extend beyond the slide (3.2)'),
  annotations: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      'Folder or glob of GeoJSON files of QuPath, named like the slides, inside the data folder. Their regions limit the tiles. null tiles all tissue.',
    ),
  include: z
    .array(z.string().min(1))
    .min(1)
    .nullable()
    .default(null)
    .describe(
      'Classes of annotations in which tiles must lie; "*" stands for any characters. null means all classes that tissue.exclude does not name.',
    ),
  exclude: z
    .array(z.string().min(1))
    .default(['Ignore*', 'Exclude'])
    .describe('Classes of annotations in which no tile may lie; "*" stands for any characters.'),
});

export const tileSchema = z.strictObject({
  size: z.number().int().positive().default(256).describe('Side of a tile in pixels (3.2).'),
  step: z.number().int().positive().default(256).describe('Stride of the grid in pixels (3.2).'),
  level: z
    .number()
    .int()
    .min(0)
    .default(0)
    .describe('Level that the tiles are read from. tile.mpp takes precedence over it (3.2).'),
  mpp: positive
    .nullable()
    .default(null)
    .describe(
      'Tile size by physical scale: micrometres per pixel of a tile, so that 20x and 40x slides are tiled alike.',
    ),
  defaultMpp: positive
    .nullable()
    .default(null)
    .describe(
      'Micrometres per level-0 pixel for slides that do not state it. The report lists these slides.',
    ),
  damagedShare: share
    .default(0.01)
    .describe(
      'Maximum fraction of the stored tiles of a slide that may be damaged. Tiles that touch damaged ones are left out. Above this fraction the slide fails.',
    ),
  scene: z
    .union([z.enum(['largest', 'all']), z.number().int().positive()])
    .default('largest')
    .describe(
      'The scenes of a slide file with several that are tiled: the largest, all of them, or the one with the number that "inspect SLIDES" shows (docs/slides.md).',
    ),
  targetSize: z
    .number()
    .int()
    .positive()
    .default(224)
    .describe('Side length that tiles are scaled to for an ONNX encoder (3.2).'),
});

export const coreSchema = z.strictObject({
  level: z
    .enum(['tile256', 'core'])
    .default('tile256')
    .describe('Instances of a core image: its tiles, or the whole core (2.6).'),
  size: z.number().int().positive().default(256).describe('Side of a tile of a core in pixels (3.3).'),
  step: z.number().int().positive().default(256).describe('Stride of the grid in pixels (3.3).'),
  white: share
    .nullable()
    .default(null)
    .describe('t: pixels with all of R, G, B above t*255 count as white. null keeps every tile (3.3).'),
  minContent: share.default(0.1).describe('c, minimum fraction of pixels that are not white (3.3).'),
});

/**
 * The keys for what an ONNX encoder does with tiles before its model runs.
 * @param side the key that sets the side length to which tiles are scaled
 */
const preprocessing = (side: string) => ({
  interpolation: z
    .enum(['bilinear', 'bicubic'])
    .default('bicubic')
    .describe(`Interpolation that scales tiles to ${side}. See the configuration of your model.`),
  mean: z
    .tuple([z.number(), z.number(), z.number()])
    .default([0.485, 0.456, 0.406])
    .describe('Mean, subtracted from R, G, B in the range 0 to 1 (2.5).'),
  std: z
    .tuple([positive, positive, positive])
    .default([0.229, 0.224, 0.225])
    .describe('Standard deviation, by which R, G, B are divided afterwards (2.5).'),
  batch: z.number().int().positive().default(8).describe('Batch size: number of tiles encoded at once.'),
});

/** The encoder of one modality, in place of `embed.encoder`. */
export const ownEncoderSchema = z.strictObject({
  onnx: z
    .string()
    .min(1)
    .describe('ONNX file of this encoder. The path is absolute or relative to the data folder.'),
  preset: z
    .enum(encoderPresetNames)
    .nullable()
    .default(null)
    .describe(
      'Published encoder that the ONNX file holds. It sets the other keys of this section and the width; tile.size and tile.mpp stay those of the experiment.',
    ),
  targetSize: z
    .number()
    .int()
    .positive()
    .default(224)
    .describe('Side length that tiles are scaled to for this encoder.'),
  ...preprocessing('targetSize'),
});
export type OwnEncoder = z.output<typeof ownEncoderSchema>;

export const embedSchema = z.strictObject({
  precision: z
    .enum(['float32', 'float16'])
    .default('float32')
    .describe('How instances are stored. float16 halves the disk space and rounds the values.'),
  onNonFinite: z
    .enum(['error', 'drop'])
    .default('error')
    .describe(
      'Instances with NaN or infinite values: refuse their file, or drop these instances and report it.',
    ),
  limits: z
    .strictObject({
      seconds: positive
        .default(30)
        .describe(
          'Time limit for reading a feature file, in seconds, plus one second per MiB. A file that takes longer is left out and listed.',
        ),
      memoryMiB: positive
        .default(1024)
        .describe(
          'Memory limit for the features of one file as float32, in MiB. It is checked before the memory is allocated.',
        ),
    })
    .prefault({})
    .describe('Limits for reading one feature file.'),
  encoder: z
    .strictObject({
      onnx: z
        .string()
        .nullable()
        .default(null)
        .describe(
          'ONNX file of UNI or another image encoder. The path is absolute or relative to the data folder. Needs onnxruntime-node.',
        ),
      preset: z
        .enum(encoderPresetNames)
        .nullable()
        .default(null)
        .describe(
          'Published encoder that the ONNX file holds. It sets tiles, input size, mean, std, interpolation and width where the experiment does not (docs/encoders.md).',
        ),
      standIn: z
        .boolean()
        .default(false)
        .describe('Colour and texture statistics in place of a pathology model. For demos and tests only.'),
      force: z.boolean().default(false).describe('Allow the stand-in encoder on data that is not synthetic.'),
      ...preprocessing('tile.targetSize'),
    })
    .prefault({})
    .describe('The encoder that computes instances from tiles of images. UNI weights are not shipped.'),
});
