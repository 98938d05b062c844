import { findOpenSlide, openSlideFolder } from '../../backends/openslide.js';
import { printData, printJson, say } from './output.js';
import { textTable } from './text-table.js';

/** Slide formats, each with the program that reads it (null: no program does) and a note for the user. */
const formats: readonly (readonly [format: string, by: 'haf-pipeline' | 'OpenSlide' | null, note: string])[] =
  [
    ['Aperio SVS', 'haf-pipeline', ''],
    ['tiled TIFF, OME-TIFF, BigTIFF', 'haf-pipeline', ''],
    ['Hamamatsu NDPI', 'OpenSlide', ''],
    ['Leica SCN', 'OpenSlide', ''],
    ['Ventana BIF, TIFF', 'OpenSlide', ''],
    ['Philips TIFF', 'OpenSlide', ''],
    ['Trestle TIFF', 'OpenSlide', ''],
    ['Huron TIFF', 'OpenSlide', 'without OpenSlide, it is read as a tiled TIFF that does not say its mpp'],
    ['Sakura SVSLIDE', 'OpenSlide', ''],
    ['Zeiss CZI', 'OpenSlide', 'uncompressed or Zstandard, but not JPEG XR'],
    ['MIRAX MRXS', 'OpenSlide', 'with its folder'],
    ['Hamamatsu VMS, VMU', 'OpenSlide', 'with the files that it names'],
    ['DICOM', 'OpenSlide', 'the files of one series in a folder are one slide'],
    ['Olympus VSI', null, 'convert it with bfconvert'],
    ['Philips iSyntax', null, 'convert it with bfconvert, or export it as Philips TIFF'],
  ];

/** `slides ls`: shows the OpenSlide of this user and the formats. */
export function slidesLs(options: { readonly json?: boolean }): void {
  const found = findOpenSlide();
  const rows = formats.map(([format, by, note]) => ({
    format,
    by,
    read: by === 'haf-pipeline' || (by === 'OpenSlide' && found.installed !== null),
    note,
  }));
  if (options.json) {
    const why = found.installed === null ? found.why : null;
    printJson({ folder: openSlideFolder(), openslide: found.installed, why, formats: rows });
    return;
  }
  const table = rows.map(({ format, by, read, note }) => [format, read ? 'yes' : 'no', by ?? '-', note]);
  printData(textTable(['format', 'read', 'by', ''], table));
  say(
    found.installed === null
      ? `${found.why}; "haf-pipeline slides install" installs it.`
      : `OpenSlide ${found.installed.version} (${found.path}), from ${found.installed.from}`,
  );
}
