import { open } from 'node:fs/promises';
import { GeoTIFF, type ImageFileDirectory } from 'geotiff';

/** Where the bytes of a page lie: its tiles from left to right and top to bottom, or its strips. */
export interface TiffChunks {
  readonly offsets: readonly number[];
  /** 0 where nothing is stored. */
  readonly byteCounts: readonly number[];
}

/** What the tags of one image of a TIFF say. */
export interface TiffPage {
  /** How libvips addresses it: number in the chain, and number of the SubIFD of that page. */
  readonly page: number;
  readonly subifd: number | null;
  readonly width: number;
  readonly height: number;
  /** Null when it is stored in strips. */
  readonly tile: { readonly width: number; readonly height: number } | null;
  readonly compression: number;
  /** 2 is RGB, 6 is YCbCr. */
  readonly photometric: number;
  readonly samples: number;
  readonly bits: readonly number[];
  /** 2 when each colour is stored apart. */
  readonly planar: number;
  readonly description: string;
  readonly software: string;
  /** XML of tag 700, in which some scanners name themselves. */
  readonly xmp: string;
  readonly resolution: { readonly x: number; readonly y: number; readonly unit: number } | null;
  readonly jpegTables: Uint8Array | null;
  /** Numbers of tags above 65000, which vendors keep for themselves. */
  readonly privateTags: readonly number[];
  readonly chunks: TiffChunks;
}

/** A chain of directories longer than this is a loop. */
const mostPages = 200;

/**
 * Reads a file for geotiff. Beyond its end there is nothing: geotiff's own source pads with zeros, and the tile table of a
 * file that was cut short would then look like a slide of missing tiles.
 */
async function withSource<T>(path: string, use: (tiff: GeoTIFF, bytes: number) => Promise<T>): Promise<T> {
  const file = await open(path, 'r');
  try {
    const fetchSlice = async ({ offset, length }: { offset: number; length: number }) => {
      const data = new Uint8Array(length);
      const { bytesRead } = await file.read(data, 0, length, offset);
      return { offset, length, data: data.buffer.slice(0, bytesRead) };
    };
    const source = {
      fetchSlice,
      fetch: (slices: readonly { offset: number; length: number }[]) =>
        Promise.all(slices.map(async (slice) => (await fetchSlice(slice)).data)),
      fileSize: null,
      close: () => Promise.resolve(),
    };
    const tiff = await GeoTIFF.fromSource(source);
    // Arrays that geotiff leaves for later are read as little-endian whatever the file is.
    tiff.parser.eager = true;
    return await use(tiff, (await file.stat()).size);
  } finally {
    await file.close();
  }
}

const numbers = (value: unknown): readonly number[] => {
  if (value === undefined || value === null) return [];
  if (typeof value === 'number' || typeof value === 'bigint') return [Number(value)];
  if (Array.isArray(value) || ArrayBuffer.isView(value))
    return Array.from(value as ArrayLike<number | bigint>, Number);
  return [];
};

const text = (value: unknown): string => {
  const bytes = typeof value === 'string' ? value : Buffer.from(numbers(value)).toString('utf8');
  return bytes.replace(/\0[^]*$/, '');
};

function pageOf(directory: ImageFileDirectory, page: number, subifd: number | null): TiffPage {
  const tag = (id: number): unknown => directory.actualizedFields.get(id);
  const number = (id: number, otherwise: number): number => numbers(tag(id))[0] ?? otherwise;
  const tileWidth = number(322, 0);
  const tileHeight = number(323, 0);
  const tiled = tileWidth > 0 && tileHeight > 0;
  const [[xUp = 0, xDown = 0], [yUp = 0, yDown = 0]] = [numbers(tag(282)), numbers(tag(283))];
  const known = xUp > 0 && xDown > 0 && yUp > 0 && yDown > 0;
  const tables = numbers(tag(347));
  const bits = numbers(tag(258));
  return {
    page,
    subifd,
    width: number(256, 0),
    height: number(257, 0),
    tile: tiled ? { width: tileWidth, height: tileHeight } : null,
    compression: number(259, 1),
    photometric: number(262, 2),
    // Some Aperio files leave SamplesPerPixel out; the length of BitsPerSample says the same.
    samples: number(277, Math.max(1, bits.length)),
    bits: bits.length === 0 ? [1] : bits,
    planar: number(284, 1),
    description: text(tag(270)),
    software: text(tag(305)),
    xmp: text(tag(700)),
    resolution: known ? { x: xUp / xDown, y: yUp / yDown, unit: number(296, 2) } : null,
    jpegTables: tables.length > 0 ? Uint8Array.from(tables) : null,
    privateTags: [...directory.actualizedFields.keys()].map(Number).filter((id) => id >= 65_000),
    chunks: {
      offsets: numbers(tag(tiled ? 324 : 273)),
      byteCounts: numbers(tag(tiled ? 325 : 279)),
    },
  };
}

export interface TiffFile {
  readonly bytes: number;
  /** The images of the chain, each followed by its SubIFDs. */
  readonly pages: readonly TiffPage[];
}

/**
 * The tags of all images of a TIFF or BigTIFF; no pixels are read.
 * @throws Error of any kind when the structure is damaged or reaches beyond the end of the file
 */
export function readTiffDirectory(path: string): Promise<TiffFile> {
  return withSource(path, async (tiff, bytes) => {
    const pages: TiffPage[] = [];
    let offset = tiff.firstIFDOffset;
    for (let page = 0; offset !== 0; page++) {
      if (page === mostPages) throw new Error(`its chain of images does not end after ${mostPages}`);
      const directory = await tiff.parser.parseFileDirectoryAt(offset);
      pages.push(pageOf(directory, page, null));
      for (const [subifd, at] of numbers(directory.actualizedFields.get(330)).entries())
        pages.push(pageOf(await tiff.parser.parseFileDirectoryAt(at), page, subifd));
      offset = directory.nextIFDByteOffset;
    }
    return { bytes, pages };
  });
}
