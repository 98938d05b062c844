import type { Region } from './slide-reader.js';

/** The tiles in which a level is stored. The pixels of a tile are decoded together. */
export interface LevelGrid {
  readonly cellWidth: number;
  readonly cellHeight: number;
  readonly columns: number;
  readonly rows: number;
  /** One entry per tile, 1 where it has data. */
  readonly stored: Uint8Array;
}

/** The tiles that a region inside the level touches, as columns and rows with exclusive ends. */
export function cellsOf(
  grid: LevelGrid,
  { x, y, width, height }: Region,
): { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number } {
  return {
    left: Math.floor(x / grid.cellWidth),
    top: Math.floor(y / grid.cellHeight),
    right: Math.ceil((x + width) / grid.cellWidth),
    bottom: Math.ceil((y + height) / grid.cellHeight),
  };
}

/** The region of a tile by its number. Tiles are numbered from left to right and top to bottom. */
export const cellRegion = (grid: LevelGrid, cell: number): Region => ({
  x: (cell % grid.columns) * grid.cellWidth,
  y: Math.floor(cell / grid.columns) * grid.cellHeight,
  width: grid.cellWidth,
  height: grid.cellHeight,
});

/** The common part of two regions, or null. */
export function overlapOf(a: Region, b: Region): Region | null {
  const x = Math.max(a.x, b.x);
  const y = Math.max(a.y, b.y);
  const width = Math.min(a.x + a.width, b.x + b.width) - x;
  const height = Math.min(a.y + a.height, b.y + b.height) - y;
  return width > 0 && height > 0 ? { x, y, width, height } : null;
}

/** Copies pixels from `source` to `target`: those that lie in the regions `from`, `to` and `within`. */
export function copyPixels(
  source: Uint8Array,
  from: Region,
  target: Uint8Array,
  to: Region,
  within: Region = to,
): void {
  const both = overlapOf(from, to);
  const shared = both && overlapOf(both, within);
  if (shared === null) return;
  const bytes = shared.width * 3;
  for (let y = shared.y; y < shared.y + shared.height; y++) {
    const start = ((y - from.y) * from.width + shared.x - from.x) * 3;
    target.set(source.subarray(start, start + bytes), ((y - to.y) * to.width + shared.x - to.x) * 3);
  }
}

/**
 * The stored part of a region as rectangles. Tiles in a row are joined, and equal runs in consecutive rows are one
 * rectangle.
 */
export function storedParts(grid: LevelGrid, region: Region): readonly Region[] {
  const { left, top, right, bottom } = cellsOf(grid, region);
  const parts: Region[] = [];
  let above = new Map<string, Region>();
  for (let row = top; row < bottom; row++) {
    const here = new Map<string, Region>();
    for (let column = left; column < right; column++) {
      const first = column;
      while (column < right && grid.stored[row * grid.columns + column] === 1) column++;
      if (column === first) continue;
      const key = `${first}-${column}`;
      const run = {
        x: first * grid.cellWidth,
        y: row * grid.cellHeight,
        width: (column - first) * grid.cellWidth,
        height: grid.cellHeight,
      };
      const upper = above.get(key);
      here.set(key, upper ? { ...upper, height: upper.height + run.height } : run);
      above.delete(key);
    }
    parts.push(...above.values());
    above = here;
  }
  parts.push(...above.values());
  return parts.flatMap((part) => overlapOf(part, region) ?? []);
}
