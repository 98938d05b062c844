import {
  clamCoordsFile,
  contoursFile,
  maskFile,
  overlayFile,
  sheetFile,
  tileSetFile,
  tileSetSchema,
  type TileSet,
} from '../../operators/tiling/tiles-data.js';
import type { Artifact } from '../stage.js';
import type { Manifest } from '../store/store.js';

/** A file of an artifact and where a user finds it, below the folder of the tiles. */
export type ShownFile = readonly [file: string, target: string];

/** All names that `tileFiles` may find in an artifact. */
export const shownTileFiles: readonly string[] = [
  ...[sheetFile, clamCoordsFile, overlayFile(0), maskFile(0), contoursFile(0)],
];

/**
 * What of a `tile` artifact is for users and other tools: for a slide `patches/<id>.h5` (coordinates in the layout of
 * CLAM), `overlays/<id>.jpg`, `masks/<id>.png` and `contours/<id>.geojson`; for cores one picture per patient or per file.
 */
export function tileFiles({ files, unit }: Manifest, { images }: TileSet): readonly ShownFile[] {
  const [first] = images;
  const id = unit.file === undefined ? undefined : first?.id;
  const shown: readonly ShownFile[] =
    unit.tiling === 'grid' || id === undefined
      ? [[sheetFile, `cores/${id ?? `patient-${unit.patient ?? 'unknown'}`}.jpg`]]
      : [
          [clamCoordsFile, `patches/${id}.h5`],
          [overlayFile(0), `overlays/${id}.jpg`],
          [maskFile(0), `masks/${id}.png`],
          [contoursFile(0), `contours/${id}.geojson`],
        ];
  return shown.filter(([file]) => files.some(({ name }) => name === file));
}

export const readTileSet = (artifact: Artifact): TileSet => artifact.json(tileSetFile, tileSetSchema);
