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
/** Rows of stored tiles decoded together, and unwanted ones between two wanted ones of a row. */
const rowsTogether = 2;
const gap = 1;

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

/**
 * Runs of columns in which one of two rows is wanted. A call of libvips costs as much as four cells, so it may take a few along
 * that nobody wants: on fragments, 10 % more cells in a quarter of the calls.
 */
function cover(
  grid: LevelGrid,
  wanted: Uint8Array,
  whole: Region,
): { readonly strips: readonly Strip[]; readonly owner: Int32Array } {
  const { columns, rows, cellWidth, cellHeight } = grid;
  const longest = Math.max(1, Math.floor(mostPixels / (cellWidth * cellHeight * rowsTogether)));
  const owner = new Int32Array(columns * rows).fill(-1);
  const strips: Strip[] = [];
  for (let top = 0; top < rows; top += rowsTogether) {
    const bottom = Math.min(rows, top + rowsTogether);
    const wants = (row: number, from: number, to: number): boolean =>
      wanted.subarray(row * columns + from, row * columns + to).includes(1);
    const wantsAny = (column: number): boolean => {
      for (let row = top; row < bottom; row++) if (wanted[row * columns + column] === 1) return true;
      return false;
    };
    for (const [left, right] of runs(columns, wantsAny, longest)) {
      let [first, end] = [top, bottom];
      while (!wants(first, left, right)) first++;
      while (!wants(end - 1, left, right)) end--;
      for (let row = first; row < end; row++)
        owner.fill(strips.length, row * columns + left, row * columns + right);
      const cells = {
        x: left * cellWidth,
        y: first * cellHeight,
        width: (right - left) * cellWidth,
        height: (end - first) * cellHeight,
      };
      strips.push({ region: overlapOf(cells, whole) as Region, tiles: [] });
    }
  }
  return { strips, owner };
}

/** Runs of wanted columns with at most `gap` unwanted ones in between, ends exclusive. */
function* runs(
  columns: number,
  wanted: (column: number) => boolean,
  longest: number,
): Generator<readonly [number, number]> {
  for (let column = 0; column < columns; column++) {
    if (!wanted(column)) continue;
    const left = column;
    let right = column + 1;
    for (let next = right; next < columns && next - right <= gap && next - left < longest; next++)
      if (wanted(next)) right = next + 1;
    yield [left, right];
    column = right - 1;
  }
}
