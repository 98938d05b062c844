import { open } from 'node:fs/promises';
import { extname } from 'node:path';
import { noDataIn, type NoData } from '../../pipeline/core/no-data.js';
import type { TiffPage } from './tiff-directory.js';

export type FileKind =
  | { readonly kind: 'tiff' | 'plain' | 'unknown' }
  /** The file holds no data: it is a pointer of Git LFS, a web page, or empty. */
  | { readonly kind: 'none'; readonly instead: NoData }
  | ForeignKind;

/** A format that this program does not read itself. */
export interface ForeignKind {
  readonly kind: 'foreign';
  readonly name: string;
  /** Whether OpenSlide reads this format. */
  readonly openslide: boolean;
  /** The program that can convert files of this format. */
  readonly converter: 'vips' | 'bioformats';
}

const byOpenSlide = (name: string): ForeignKind => ({
  ...{ kind: 'foreign', name, openslide: true, converter: 'vips' },
});
const byBioFormats = (name: string): ForeignKind => ({
  ...{ kind: 'foreign', name, openslide: false, converter: 'bioformats' },
});

const starts: readonly (readonly [RegExp, FileKind])[] = [
  [/^(II[*+]\0|MM\0[*+])/, { kind: 'tiff' }],
  [/^\x89PNG\r\n/, { kind: 'plain' }],
  [/^\xff\xd8\xff/, { kind: 'plain' }],
  [/^[^]{128}DICM/, byOpenSlide('DICOM')],
  [/^ZISRAWFILE/, { ...byOpenSlide('Zeiss CZI'), converter: 'bioformats' }],
  [/^SQLite format 3/, byOpenSlide('Sakura')],
  [/^(\0{4}jP {2}|\0{3}\x0cjP {2}|\xff\x4f\xff\x51)/, byBioFormats('a JPEG 2000 image')],
];

/**
 * Formats that can be recognised only by the ending of the file name. Either the first bytes of such a file occur in
 * other formats, too, or the file only names other files.
 */
const endings: Readonly<Record<string, FileKind>> = {
  '.mrxs': byOpenSlide('MIRAX'),
  '.vms': byOpenSlide('Hamamatsu VMS'),
  '.vmu': byOpenSlide('Hamamatsu VMU'),
  '.vsi': byBioFormats('Olympus VSI'),
  '.lif': byBioFormats('Leica LIF'),
  '.isyntax': byBioFormats('Philips iSyntax'),
};

/** Number of bytes to read from the start of a file: enough for every signature, and to recognise a web page. */
const headBytes = 512;

/**
 * The kind of a file by its first bytes, and by its ending only for formats that need it.
 * @throws the errors of fs
 */
export async function fileKindOf(path: string): Promise<FileKind> {
  const file = await open(path, 'r');
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    const instead = noDataIn(buffer.subarray(0, bytesRead));
    const known = starts.find(([pattern]) => pattern.test(buffer.toString('latin1', 0, bytesRead)))?.[1];
    if (known === undefined && instead !== null) return { kind: 'none', instead };
    // Files of Olympus and MIRAX look like a TIFF or a JPEG, so the ending decides.
    const named = endings[extname(path).toLowerCase()];
    if (named !== undefined) return named;
    return known ?? { kind: 'unknown' };
  } finally {
    await file.close();
  }
}

/**
 * The vendor's format of a TIFF that must not be read as a plain TIFF, because pixels or positions would be wrong.
 * Null for other TIFFs.
 */
export function foreignTiff(pages: readonly TiffPage[]): string | null {
  const [first] = pages;
  if (first === undefined) return null;
  if (first.privateTags.some((tag) => tag === 65_420 || tag === 65_421)) return 'Hamamatsu NDPI';
  if (first.description.includes('leica-microsystems.com/scn')) return 'Leica SCN';
  if (pages.some(({ xmp }) => xmp.includes('<iScan'))) return 'Ventana';
  if (first.software.startsWith('MedScan')) return 'Trestle';
  if (first.description.includes('DPUfsImport')) return 'Philips TIFF';
  return null;
}
