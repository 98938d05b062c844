import { meanMpp, settingsText, tileSetFile, type TiledImage } from '../../operators/tiling/tiles-data.js';
import { csvText, type CsvCell } from '../core/csv.js';
import { stemOf } from '../core/file-name.js';
import type { Problem } from '../core/problem.js';
import type { ArtifactStore, Manifest } from '../store/store.js';
import type { RunDirectory } from './run-directory.js';
import { readTileSet } from './tile-files.js';

const columns = [
  ...([
    'id',
    'file',
    'patient',
    'source',
    'outcome',
    'reason',
    'vendor',
    'route',
    'width',
    'height',
  ] as const),
  ...([
    'mpp',
    'mppSource',
    'magnification',
    'preset',
    'thresholds',
    'contours',
    'holes',
    'tissueShare',
  ] as const),
  ...(['tilePx', 'level', 'readPx', 'tileMpp', 'tiles'] as const),
  // New columns are added at the end, because scripts may address columns by their position.
  ...(['scene', 'left', 'top'] as const),
];
type Row = Partial<Record<(typeof columns)[number], CsvCell>>;

/**
 * Writes tiles.csv: one line per slide and core, including empty and failed images. A line also says how the tissue
 * was found and how the tiles are read. `mpp` is the pixel size of level 0, `tileMpp` that of a tile. Without tiled or
 * lost images, nothing is written.
 *
 * @param lost images whose job failed, so that no artifact lists them
 */
export async function writeTileTable(
  manifests: readonly Manifest[],
  lost: readonly Problem[],
  store: ArtifactStore,
  directory: RunDirectory,
): Promise<void> {
  const tiled = manifests.filter(({ stage }) => stage === 'tile');
  const pinned = await store.fetch(tiled.map((manifest) => ({ manifest, files: [tileSetFile] })));
  const images = tiled.flatMap((manifest) => readTileSet(store.open(manifest)).images);
  await pinned.release();
  const rows = [...images.map(rowOf), ...lost.filter(({ stage }) => stage === 'tile').map(lostRow)];
  if (rows.length === 0) return;
  const lines = rows.map((row) => columns.map((column) => row[column]));
  directory.write('tiles.csv', csvText(columns, lines));
}

function rowOf({
  id,
  file,
  scene,
  region,
  patient,
  source,
  outcome,
  reason,
  rows,
  ...made
}: TiledImage): Row {
  const { image, segmentation, tile } = made;
  return {
    ...{ left: region?.x, top: region?.y },
    ...{ id, file, scene, patient, source, outcome, reason, tiles: rows },
    ...(image && {
      ...{ vendor: image.vendor, route: image.route, width: image.width, height: image.height },
      ...{ mpp: image.mpp === null ? undefined : meanMpp(image.mpp), mppSource: image.mpp?.source },
      magnification: image.magnification,
    }),
    ...(segmentation && {
      ...{ preset: segmentation.preset, thresholds: settingsText(segmentation) },
      ...{
        contours: segmentation.contours,
        holes: segmentation.holes,
        tissueShare: segmentation.tissueShare,
      },
    }),
    ...(tile && { tilePx: tile.sizePx, level: tile.level, readPx: tile.readPx, tileMpp: tile.mpp }),
  };
}

const lostRow = ({ file, patient, reason }: Problem): Row => ({
  ...{ id: file === null ? null : stemOf(file), file, patient, outcome: 'failed', reason, tiles: 0 },
});
