import { open } from 'node:fs/promises';
import { extname } from 'node:path';
import { noDataIn, type NoData } from '../../pipeline/core/no-data.js';
import type { TiffPage } from './tiff-directory.js';

export type FileKind =
  | { readonly kind: 'tiff' | 'plain' | 'unknown' }
  /** No data at all: a pointer of Git LFS, a web page, an empty file. */
  | { readonly kind: 'none'; readonly instead: NoData }
  | ForeignKind;

/** A format that is not read here. */
export interface ForeignKind {
  readonly kind: 'foreign';
  readonly name: string;
  /** Whether OpenSlide reads it. */
  readonly openslide: boolean;
  /** Who converts it. */
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

/** Formats whose file holds no pixels at its beginning, or only names others. */
const endings: Readonly<Record<string, FileKind>> = {
  '.mrxs': byOpenSlide('MIRAX'),
  '.vms': byOpenSlide('Hamamatsu VMS'),
  '.vmu': byOpenSlide('Hamamatsu VMU'),
  '.vsi': byBioFormats('Olympus VSI'),
  '.lif': byBioFormats('Leica LIF'),
  '.isyntax': byBioFormats('Philips iSyntax'),
};

/** Enough for every signature, and to tell a web page. */
const headBytes = 512;

/** What a file is, by its first bytes; by its ending only for formats that need it. @throws as fs does */
export async function fileKindOf(path: string): Promise<FileKind> {
  const file = await open(path, 'r');
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    const instead = noDataIn(buffer.subarray(0, bytesRead));
    const known = starts.find(([pattern]) => pattern.test(buffer.toString('latin1', 0, bytesRead)))?.[1];
    if (known === undefined && instead !== null) return { kind: 'none', instead };
    // Olympus and MIRAX hide in a TIFF or a JPEG.
    const named = endings[extname(path).toLowerCase()];
    if (named !== undefined) return named;
    return known ?? { kind: 'unknown' };
  } finally {
    await file.close();
  }
}

/** Vendors that write TIFFs of their own kind, which read as any TIFF would give wrong pixels or places. */
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
