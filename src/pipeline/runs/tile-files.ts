import {
  clamCoordsFile,
  contoursFile,
  maskFile,
  mostThumbnails,
  overlayFile,
  sheetFile,
  tileSetFile,
  tileSetSchema,
  type TileSet,
} from '../../operators/tiling/tiles-data.js';
import type { Artifact } from '../stage.js';
import type { Manifest } from '../store/store.js';

/** A file of an artifact and its path for users, relative to the folder of the tiles. */
export type ShownFile = readonly [file: string, target: string];

/** The output files of one slide or scene of an artifact. */
const slideFiles = (
  image: number,
): readonly [coords: string, overlay: string, mask: string, contours: string] => [
  ...([clamCoordsFile(image), overlayFile(image), maskFile(image), contoursFile(image)] as const),
];

/** The names of all files that `tileFiles` may show. The run directory needs only these files of the artifact. */
export const shownTileFiles: readonly string[] = [
  sheetFile,
  ...Array.from({ length: mostThumbnails }, (_, image) => slideFiles(image)).flat(),
];

/**
 * The files of a `tile` artifact that are for users and other tools. For a slide, and for each of its scenes:
 * `patches/<id>.h5` (coordinates in the layout of CLAM), `overlays/<id>.jpg`, `masks/<id>.png` and `contours/<id>.geojson`. For
 * cores: one picture per patient or per file.
 */
export function tileFiles({ files, unit }: Manifest, { images }: TileSet): readonly ShownFile[] {
  const [first] = images;
  const id = unit.file === undefined ? undefined : first?.id;
  const shown: readonly ShownFile[] =
    unit.tiling === 'grid' || id === undefined
      ? [[sheetFile, `cores/${id ?? `patient-${unit.patient ?? 'unknown'}`}.jpg`]]
      : images.flatMap(({ id: name }, at): readonly ShownFile[] => {
          const [coords, overlay, mask, contours] = slideFiles(at);
          return [
            [coords, `patches/${name}.h5`],
            [overlay, `overlays/${name}.jpg`],
            [mask, `masks/${name}.png`],
            [contours, `contours/${name}.geojson`],
          ];
        });
  return shown.filter(([file]) => files.some(({ name }) => name === file));
}

export const readTileSet = (artifact: Artifact): TileSet => artifact.json(tileSetFile, tileSetSchema);
