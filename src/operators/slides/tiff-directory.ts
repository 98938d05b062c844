import { decodingTagsOf } from './packed-tiff.js';
import { readTiffTags, type TiffDirectory } from './tiff-tags.js';
import { tagText } from './tiff-text.js';

/** Where the bytes of a page lie: its tiles from left to right and top to bottom, or its strips. */
export interface TiffChunks {
  readonly offsets: Float64Array;
  /** 0 where nothing is stored. */
  readonly byteCounts: Float64Array;
}

/** What the tags of one image of a TIFF say. */
export interface TiffPage {
  /** How libvips addresses it: number in the chain, and number of the SubIFD of that page. */
  readonly page: number;
  readonly subifd: number | null;
  /** NewSubfileType: a copy of another image of the file at fewer pixels. */
  readonly reduced: boolean;
  readonly width: number;
  readonly height: number;
  /** Null when it is stored in strips. */
  readonly tile: { readonly width: number; readonly height: number } | null;
  readonly rowsPerStrip: number;
  readonly compression: number;
  /** 2 is RGB, 6 is YCbCr. */
  readonly photometric: number;
  /** The photometric above is that of the JPEG stream; the tag says another one, which libvips would believe. */
  readonly retagged: boolean;
  readonly samples: number;
  readonly bits: readonly number[];
  /** SampleFormat: 1 is an unsigned number, 2 a signed one, 3 floating point. */
  readonly formats: readonly number[];
  /** The greatest value of its ColorMap; 0 without one. */
  readonly paletteMax: number;
  /** 2 when each colour is stored apart. */
  readonly planar: number;
  readonly description: string;
  readonly software: string;
  /** XML of tag 700, in which some scanners name themselves. */
  readonly xmp: string;
  readonly resolution: { readonly x: number; readonly y: number; readonly unit: number } | null;
  /** Numbers of tags above 65000, which vendors keep for themselves. */
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
    // Some Aperio files leave SamplesPerPixel out; the length of BitsPerSample says the same.
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

/** Values of a tag that has one for each sample; a damaged file may have millions. */
const few = (values: Float64Array): readonly number[] => [...values.subarray(0, 64)];

export interface TiffFile {
  readonly bytes: number;
  /** The images of the chain, each followed by its SubIFDs. */
  readonly pages: readonly TiffPage[];
}

/**
 * What the tags of all images of a TIFF or BigTIFF say; no pixels are read.
 * @throws Error of any kind when the structure is damaged or reaches beyond the end of the file
 */
export async function readTiffDirectory(path: string): Promise<TiffFile> {
  const { bytes, directories } = await readTiffTags(path);
  const pages = directories.flatMap((directory, page) => [
    pageOf(directory, page, null),
    ...directory.children.map((child, subifd) => pageOf(child, page, subifd)),
  ]);
  return { bytes, pages };
}
