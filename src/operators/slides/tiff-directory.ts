import { decodingTagsOf } from './packed-tiff.js';
import { readTiffTags, type TiffDirectory } from './tiff-tags.js';
import { tagText } from './tiff-text.js';

/** Where the bytes of a page lie: its tiles, from left to right and top to bottom, or its strips. */
export interface TiffChunks {
  readonly offsets: Float64Array;
  /** Number of stored bytes of each tile or strip. 0 if nothing is stored. */
  readonly byteCounts: Float64Array;
}

/** The tags of one image of a TIFF. */
export interface TiffPage {
  /**
   * How libvips addresses the image: the number of a page in the chain of directories, and the number of a SubIFD
   * of this page. `subifd` is null if the image is the page itself.
   */
  readonly page: number;
  readonly subifd: number | null;
  /** Whether NewSubfileType says that the image is a copy of another image of the file with fewer pixels. */
  readonly reduced: boolean;
  readonly width: number;
  readonly height: number;
  /** Size of a stored tile in pixels. Null if the image is stored in strips. */
  readonly tile: { readonly width: number; readonly height: number } | null;
  readonly rowsPerStrip: number;
  readonly compression: number;
  /** PhotometricInterpretation: 2 is RGB, 6 is YCbCr. */
  readonly photometric: number;
  /**
   * Whether the PhotometricInterpretation tag contradicts the JPEG stream. `photometric` is then the colour space of
   * the stream, because the tag is wrong. libvips would use the tag.
   */
  readonly retagged: boolean;
  readonly samples: number;
  readonly bits: readonly number[];
  /** SampleFormat: 1 is an unsigned number, 2 a signed number, 3 floating point. */
  readonly formats: readonly number[];
  /** The greatest value of the image's ColorMap. 0 if there is none. */
  readonly paletteMax: number;
  /** PlanarConfiguration: 2 if each colour is stored separately. */
  readonly planar: number;
  readonly description: string;
  readonly software: string;
  /** XML of tag 700, in which some scanners write their name. */
  readonly xmp: string;
  readonly resolution: { readonly x: number; readonly y: number; readonly unit: number } | null;
  /** Numbers of tags above 65000, which vendors reserve. */
  readonly privateTags: readonly number[];
  readonly chunks: TiffChunks;
  /** The values of the tags that tell how the bytes of a tile become pixels. */
  readonly decoding: ReadonlyMap<number, readonly number[]>;
}

const none = new Float64Array();

function pageOf({ numbers, bytes, ids }: TiffDirectory, page: number, subifd: number | null): TiffPage {
  const values = (id: number): Float64Array => numbers.get(id) ?? none;
  const number = (id: number, otherwise: number): number => values(id)[0] ?? otherwise;
  const tileWidth = number(322, 0);
  const tileHeight = number(323, 0);
  const tiled = tileWidth > 0 && tileHeight > 0;
  const [x, y] = [number(282, 0), number(283, 0)];
  const bits = few(values(258));
  return {
    page,
    subifd,
    reduced: (number(254, 0) & 1) === 1,
    width: number(256, 0),
    height: number(257, 0),
    tile: tiled ? { width: tileWidth, height: tileHeight } : null,
    rowsPerStrip: Math.min(number(278, Infinity), number(257, 0)),
    compression: number(259, 1),
    photometric: number(262, 2),
    retagged: false,
    // Some Aperio files omit SamplesPerPixel. The length of BitsPerSample is the same number.
    samples: number(277, Math.max(1, bits.length)),
    bits: bits.length === 0 ? [1] : bits,
    formats: few(values(339)),
    paletteMax: values(320).reduce((most, value) => Math.max(most, value), 0),
    planar: number(284, 1),
    description: tagText(bytes.get(270)),
    software: tagText(bytes.get(305)),
    xmp: tagText(bytes.get(700)),
    resolution: x > 0 && y > 0 ? { x, y, unit: number(296, 2) } : null,
    privateTags: ids.filter((id) => id >= 65_000),
    chunks: {
      offsets: values(tiled ? 324 : 273),
      byteCounts: values(tiled ? 325 : 279),
    },
    decoding: decodingTagsOf(numbers, bytes),
  };
}

/** The values of a tag with one value per sample. A damaged file may have millions, so the number is limited. */
const few = (values: Float64Array): readonly number[] => [...values.subarray(0, 64)];

export interface TiffFile {
  readonly bytes: number;
  /** The images in the chain of directories, each followed by its SubIFDs. */
  readonly pages: readonly TiffPage[];
}

/**
 * The tags of all images of a TIFF or BigTIFF. No pixels are read.
 * @throws Error of any kind if the structure is damaged or extends beyond the end of the file
 */
export async function readTiffDirectory(path: string): Promise<TiffFile> {
  const { bytes, directories } = await readTiffTags(path);
  const pages = directories.flatMap((directory, page) => [
    pageOf(directory, page, null),
    ...directory.children.map((child, subifd) => pageOf(child, page, subifd)),
  ]);
  return { bytes, pages };
}
