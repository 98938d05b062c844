import { cellsOf, type LevelGrid, overlapOf } from './level-grid.js';
import type { Region, SlideLevel } from './slide-reader.js';

/** A rectangle to decode in one call, and which tiles take pixels from it. */
export interface Strip {
  readonly region: Region;
  readonly tiles: number[];
}

export interface StripPlan {
  /** From top to bottom, so that tiles are complete soon after they are begun. */
  readonly strips: readonly Strip[];
  /** Pixels that each tile gets from them; 0 for a tile outside of the slide or on missing data. */
  readonly awaited: Int32Array;
}

/** Most pixels of a strip: 12 MB. */
const mostPixels = 4 * 2 ** 20;
/** Stored tiles above each other in a strip; more decode no faster and wait longer for the tiles they share. */
const mostRows = 2;

/**
 * Rectangles that cover every stored tile ("cell") a wanted tile touches exactly once. Grids of fragments are not aligned with
 * the cells nor with one another, so a wanted tile may take its pixels from several strips.
 *
 * @param places [rows, 2], upper left corners of the wanted tiles in pixels of the level
 * @param side their side in such pixels
 */
export function planStrips(
  level: Pick<SlideLevel, 'width' | 'height'>,
  grid: LevelGrid,
  places: Int32Array,
  side: number,
): StripPlan {
  const whole = { x: 0, y: 0, width: level.width, height: level.height };
  const inside = Array.from({ length: places.length / 2 }, (_, i) =>
    overlapOf(
      { x: places[2 * i] as number, y: places[2 * i + 1] as number, width: side, height: side },
      whole,
    ),
  );
  const { columns, rows } = grid;
  const wanted = new Uint8Array(columns * rows);
  for (const region of inside) {
    if (region === null) continue;
    const { left, top, right, bottom } = cellsOf(grid, region);
    for (let row = top; row < bottom; row++)
      for (let column = left; column < right; column++) {
        const cell = row * columns + column;
        wanted[cell] = grid.stored[cell] as number;
      }
  }
  const { strips, owner } = cover(grid, wanted, whole);
  const awaited = new Int32Array(inside.length);
  for (const [tile, region] of inside.entries()) {
    if (region === null) continue;
    const { left, top, right, bottom } = cellsOf(grid, region);
    for (const index of owners(owner, columns, left, top, right, bottom)) {
      const strip = strips[index] as Strip;
      const shared = overlapOf(strip.region, region) as Region;
      awaited[tile] = (awaited[tile] as number) + shared.width * shared.height;
      strip.tiles.push(tile);
    }
  }
  return { strips, awaited };
}

function owners(
  owner: Int32Array,
  columns: number,
  left: number,
  top: number,
  right: number,
  bottom: number,
): ReadonlySet<number> {
  const found = new Set<number>();
  for (let row = top; row < bottom; row++)
    for (let column = left; column < right; column++) {
      const index = owner[row * columns + column] as number;
      if (index >= 0) found.add(index);
    }
  return found;
}

/** Runs of wanted cells in a row, each extended downwards while the rows below want exactly the same run. */
function cover(
  grid: LevelGrid,
  wanted: Uint8Array,
  whole: Region,
): { readonly strips: readonly Strip[]; readonly owner: Int32Array } {
  const { columns, rows, cellWidth, cellHeight } = grid;
  const longest = Math.max(1, Math.floor(mostPixels / (cellWidth * cellHeight)));
  const owner = new Int32Array(columns * rows).fill(-1);
  const strips: Strip[] = [];
  const free = (row: number, column: number): boolean => {
    const cell = row * columns + column;
    return wanted[cell] === 1 && owner[cell] === -1;
  };
  const all = (row: number, from: number, to: number): boolean => {
    for (let column = from; column < to; column++) if (!free(row, column)) return false;
    return true;
  };
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      if (!free(row, column)) continue;
      let right = column + 1;
      while (right < columns && right - column < longest && free(row, right)) right++;
      let bottom = row + 1;
      while (
        bottom < rows &&
        bottom - row < mostRows &&
        (right - column) * (bottom - row + 1) <= longest &&
        all(bottom, column, right)
      )
        bottom++;
      for (let r = row; r < bottom; r++) owner.fill(strips.length, r * columns + column, r * columns + right);
      const cells = {
        x: column * cellWidth,
        y: row * cellHeight,
        width: (right - column) * cellWidth,
        height: (bottom - row) * cellHeight,
      };
      strips.push({ region: overlapOf(cells, whole) as Region, tiles: [] });
    }
  return { strips, owner };
}
