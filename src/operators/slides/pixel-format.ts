import { compressionKind } from './compression.js';
import { jpegCompression } from './jpeg-pages.js';
import type { TiffPage } from './tiff-directory.js';

const whiteIsZero = 0;
const blackIsZero = 1;
export const rgbPhotometric = 2;
const palette = 3;
export const yccPhotometric = 6;

/** Names of PhotometricInterpretation (TIFF 6.0, and TIFF for electronic publishing, DNG and LogLuv). */
const photometricNames: Readonly<Record<number, string>> = {
  ...{ 0: 'grey, white is 0', 1: 'grey', 2: 'RGB', 3: 'palette', 4: 'a mask', 5: 'CMYK', 6: 'YCbCr' },
  ...{ 8: 'CIE Lab', 9: 'ICC Lab', 10: 'ITU Lab', 32_803: 'colour filter array', 34_892: 'linear raw' },
  ...{ 32_844: 'LogL', 32_845: 'LogLuv' },
};

const formatNames: Readonly<Record<number, string>> = {
  ...{ 2: ' as signed numbers', 3: ' in floating point', 5: ' as complex numbers', 6: ' as complex numbers' },
};

/** Whether all samples are unsigned. Old writers set SampleFormat to 4 (undefined), which is read as unsigned. */
const isUnsigned = ({ formats }: TiffPage): boolean =>
  formats.every((format) => format === 1 || format === 4);

/**
 * Describes the samples of a page, for example "it holds 3 samples of 32 bits in floating point per pixel, photometric
 * 2 (RGB)".
 */
function holds({ samples, bits, formats, photometric }: TiffPage): string {
  const depths = [...new Set(bits)].join(' and ');
  const format = formatNames[formats.find((one) => one !== 1 && one !== 4) ?? 1] ?? '';
  const name = photometricNames[photometric] ?? 'unknown';
  return `it holds ${samples} samples of ${depths} bits${format} per pixel, photometric ${photometric} (${name})`;
}

/**
 * Whether the decoder converts YCbCr to RGB, if the tag of the page says YCbCr: only libjpeg and OpenJPEG do. True for
 * a page with another tag. WebP pages have the tag RGB, although their data are YCbCr, and libwebp converts them.
 */
function isDecodedYcc({ photometric, compression }: TiffPage): boolean {
  if (photometric !== yccPhotometric) return true;
  return compression === jpegCompression || compressionKind(compression).decoder === 'openjpeg';
}

/** Why the pixels of a page in a pyramid cannot be read. Null for 8-bit RGB, with or without alpha. */
export function pyramidRefusal(page: TiffPage): string | null {
  const { samples, bits, photometric } = page;
  const rgb = photometric === rgbPhotometric || photometric === yccPhotometric;
  const eight = bits.every((depth) => depth === 8) && isUnsigned(page);
  if (page.planar === 2)
    return 'it stores each colour in tiles of its own (PlanarConfiguration 2); expected RGB pixels';
  if (rgb && eight && samples >= 3 && samples <= 4 && isDecodedYcc(page)) return null;
  return `${holds(page)}; expected 8-bit RGB`;
}

/** By PhotometricInterpretation: the bits per sample that libvips converts to 8-bit grey or RGB correctly. */
const depthsOf: Readonly<Record<number, readonly number[]>> = {
  // 16 bits are not in the list: the values may use fewer bits, so it is unknown which value means black.
  [whiteIsZero]: [1, 2, 4, 8],
  [blackIsZero]: [1, 2, 4, 8, 16],
  [rgbPhotometric]: [8, 16],
  [palette]: [1, 2, 4, 8],
  [yccPhotometric]: [8],
};

/** By PhotometricInterpretation: the accepted numbers of samples per pixel. The larger number includes alpha. */
const samplesOf: Readonly<Record<number, readonly number[]>> = {
  ...{
    [whiteIsZero]: [1],
    [blackIsZero]: [1, 2],
    [rgbPhotometric]: [3, 4],
    [palette]: [1],
    [yccPhotometric]: [3],
  },
};

/**
 * Why the pixels of a flat TIFF cannot be read. Null for RGB and grey of 8 or 16 bits, black and white, and palettes.
 */
export function flatRefusal(page: TiffPage): string | null {
  const { samples, bits, photometric } = page;
  const depths = depthsOf[photometric] ?? [];
  const alike = bits.every((depth) => depth === bits[0]);
  const known = alike && depths.includes(bits[0] ?? 0) && (samplesOf[photometric] ?? []).includes(samples);
  // TIFF palettes have colours of 16 bits, and libvips uses their upper 8 bits. Some writers store colours of 8 bits,
  // whose upper bits are zero: libvips would read black.
  if (photometric === palette && page.paletteMax < 256)
    return 'its palette holds colours of 8 bits, TIFF has 16';
  if (known && isUnsigned(page) && isDecodedYcc(page)) return null;
  return `${holds(page)}; expected RGB or grey of 8 or 16 bits, or a palette`;
}
