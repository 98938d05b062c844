import type { TiledImage } from '../../operators/tiling/tiles-data.js';
import type { ExitCode } from '../core/errors.js';
import { readTileSet, tileFiles } from '../runs/tile-files.js';
import { runBagCommand } from './bag-command.js';
import type { BagCommandOptions } from './options.js';
import { printData, say } from './output.js';
import { textTable } from './text-table.js';

/** `tile IMAGES -o DIR`: writes the results of the `tile` stage as files named after the images. */
export async function tile(paths: readonly string[], options: BagCommandOptions): Promise<ExitCode> {
  const images: TiledImage[] = [];
  const exitCode = await runBagCommand('tile', paths, options, async ({ manifest, store }, folder) => {
    const pinned = await store.fetch([{ manifest }]);
    try {
      const artifact = store.open(manifest);
      const tiles = readTileSet(artifact);
      for (const [file, target] of tileFiles(manifest, tiles))
        await folder.placeBytes(target, artifact.bytes(file));
      images.push(...tiles.images);
    } finally {
      await pinned.release();
    }
  });
  if (!options.json && images.length > 0) {
    printData(textTable(['image', 'outcome', 'tiles', 'mpp', 'reason'], images.map(imageRow)));
    say(`written to ${options.out}`);
  }
  return exitCode;
}

const imageRow = ({ id, outcome, rows, tile: geometry, reason }: TiledImage): string[] => [
  id,
  outcome,
  `${rows}`,
  geometry?.mpp?.toFixed(3) ?? '-',
  reason ?? '',
];
