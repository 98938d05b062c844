import { canonicalJson } from '../../pipeline/core/canonical-json.js';
import type { ModalityId } from '../../pipeline/core/modality.js';
import type { Unit } from '../../pipeline/stage.js';
import type { Features, Tiled } from './image-input.js';

/** Tiles that a modality encoded, and that the `tile` job of another modality made. */
export interface SharedTiles {
  readonly modality: ModalityId;
  readonly tiled: Tiled;
}

/**
 * Finds the tiles that modalities share. An `embed` job reads the `tile` job of its own modality over the same images.
 * If its own modality has no such job, it reads the `tile` job of another modality (`bag-jobs.ts`).
 *
 * @param tile results of the `tile` jobs, in the order of the job graph
 * @param embed results of the `embed` jobs
 */
export function sharedTiles(
  tile: readonly { readonly unit: Unit; readonly tiled: Tiled }[],
  embed: readonly { readonly unit: Unit; readonly features: Features }[],
): readonly SharedTiles[] {
  const own = new Set(tile.map(({ unit }) => canonicalJson(unit)));
  const byImages = new Map<string, Tiled[]>();
  for (const { unit, tiled } of tile) {
    const key = canonicalJson({ ...unit, modality: undefined });
    byImages.set(key, [...(byImages.get(key) ?? []), tiled]);
  }
  return embed.flatMap(({ unit, features: { modality, index } }) => {
    const images = { ...unit, encoder: undefined, ownEncoder: undefined, preset: undefined };
    // Without an encoder, the job read feature files and no tiles.
    if (unit.encoder === undefined || own.has(canonicalJson(images))) return [];
    const found = byImages.get(canonicalJson({ ...images, modality: undefined })) ?? [];
    // Modalities with different annotations have different tiles of the same images. The number of tiles says which were encoded.
    const rows = index.bags.reduce((sum, bag) => sum + bag.rows, 0);
    const tiled = found.find((one) => tilesOf(one) === rows) ?? found[0];
    return tiled === undefined ? [] : [{ modality, tiled }];
  });
}

/** The number of tiles of a `tile` artifact. */
export const tilesOf = ({ images }: Tiled): number => images.reduce((sum, { rows }) => sum + rows, 0);
