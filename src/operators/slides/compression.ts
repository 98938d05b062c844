import type { SlideRoute } from './slide-reader.js';

/** How the pixels of a TIFF compression are read. */
export interface CompressionKind {
  readonly name: string;
  /** The decoder. Null if this program has none. */
  readonly route: SlideRoute | null;
  readonly decoder: 'libvips' | 'openjpeg';
}

const libvips = (name: string): CompressionKind => ({ name, route: 'strips', decoder: 'libvips' });
const openjpeg = (name: string): CompressionKind => ({ name, route: 'tiles', decoder: 'openjpeg' });

/** Kinds by their number in the Compression tag (TIFF 6.0 and its registered additions). */
const kinds: ReadonlyMap<number, CompressionKind> = new Map([
  [1, libvips('none')],
  [5, libvips('LZW')],
  [7, libvips('JPEG')],
  [8, libvips('Deflate')],
  [32_946, libvips('Deflate')],
  [50_001, libvips('WebP')],
  // For compression 33003, a libvips without JPEG 2000 returns uniform green instead of an error. So libvips never
  // decodes JPEG 2000.
  [33_003, openjpeg('JPEG 2000 (YCbCr)')],
  [33_005, openjpeg('JPEG 2000 (RGB)')],
  [34_712, openjpeg('JPEG 2000')],
]);

/** Kinds that are known, but that no decoder of this program can read. */
const refused: ReadonlyMap<number, string> = new Map([
  [6, 'JPEG of the old kind'],
  [34_925, 'LZMA'],
  [50_000, 'ZSTD'],
  [50_002, 'JPEG XL'],
  [52_546, 'JPEG XL'],
  [22_610, 'JPEG XR'],
  [34_933, 'PNG'],
  [34_934, 'JPEG XR'],
]);

export function compressionKind(tag: number): CompressionKind {
  return (
    kinds.get(tag) ?? {
      name: refused.get(tag) ?? `unknown (number ${tag})`,
      route: null,
      decoder: 'libvips',
    }
  );
}
