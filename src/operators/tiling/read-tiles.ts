import type { TileGeometry } from './tiles-data.js';
import { type CellPlan, planCells } from '../slides/cell-plan.js';
import { hasGrid, type CellPixels, type ReadRegions } from '../slides/grid-reader.js';
import { cellRegion, copyPixels, type LevelGrid } from '../slides/level-grid.js';
import { scaleTile, squeezeImage } from '../slides/scale-tile.js';
import type { SlideLevel, SlideReader } from '../slides/slide-reader.js';

/** Tiles that are ready. Their memory is reused when the next tiles are requested. */
export interface ReadTiles {
  /** For each element of `tiles`: the row of the tile in the given coordinates. */
  readonly rows: readonly number[];
  readonly side: number;
  /** RGB pixels of each tile: [side, side, 3]. */
  readonly tiles: readonly Uint8Array[];
  /** Those elements of `rows` whose tiles touch damaged pixels of the slide. */
  readonly damaged: readonly number[];
}

/**
 * Number of portions of stored tiles that libvips decodes (in threads of libuv) while this thread cuts tiles from the
 * portion before.
 */
const portionsInFlight = 3;
/**
 * Bytes of a portion, 42 tiles of 256 px. The portion is large enough that the cost of a call to libvips does not
 * matter.
 */
const portionBytes = 8 * 2 ** 20;
/** Maximum bytes of unfinished tiles. A tile is unfinished until all stored tiles that it touches are decoded. */
const mostPendingBytes = 32 * 2 ** 20;
/** Maximum bytes of the tiles that are returned at once, before they are scaled. A single tile may be larger. */
const batchBytes = 8 * 2 ** 20;
/** Pixels of the regions that are requested at once, 16 tiles of 256 px. */
const requestPixels = 2 ** 20;
/**
 * Width in pixels of the columns in which tiles are read as regions. OpenSlide caches the last 32 MB of decoded stored
 * tiles. For stored tiles of up to 512 px this is enough for two rows in a column. So a row of tiles finds the stored
 * tiles that it shares with the row above in the cache. Stored tiles at the border between two columns are decoded
 * twice.
 */
const columnWidth = 8192;
/**
 * Side length in pixels of the cells into which an image is divided that the file stores as a whole. It only decides in
 * what portions the image is copied.
 */
const wholeCell = 1024;

/**
 * Reads all tiles of a slide once, in the fastest order. Every stored tile that a wanted tile touches is decoded once,
 * or twice at the border between two stripes of a very wide slide. If the reader can read regions at any place, each
 * wanted tile is read as a region, unless the wanted tiles overlap so much that they have more pixels than the stored
 * tiles. Pixels outside of the slide or without data are black. If the only tile is the whole image, the image is read
 * and scaled at once. Memory: 3 portions of 8 MB, 32 MB of unfinished tiles (at least one tile) and 8 MB of returned
 * tiles, whatever the size of the slide.
 *
 * @param coords [n, 2], level-0 pixels of the upper left corners
 * @throws HafError HAF_SLIDE_UNREADABLE if pixels are damaged
 */
export async function* readTiles(
  reader: SlideReader,
  coords: Int32Array,
  geometry: TileGeometry,
): AsyncGenerator<ReadTiles> {
  const { level: index, readPx, sizePx } = geometry;
  const level = reader.info.levels[index];
  if (level === undefined) throw new RangeError(`The slide has no level ${index}`);
  if (geometry.whole) {
    const { width, height } = level;
    const rgb = await reader.read(index, { x: 0, y: 0, width, height });
    yield {
      ...{ rows: [0], side: sizePx, damaged: [] },
      tiles: [await squeezeImage(rgb, width, height, sizePx)],
    };
    return;
  }
  const places = Int32Array.from(coords, (at) => Math.round(at / level.downsample));
  const cells = cellReader(reader, index, level);
  for (const tiles of inStripes(places, readPx)) {
    // Buffers of returned tiles, for reuse: allocating new ones would cost more than filling them.
    const spare: Uint8Array[] = [];
    let ready: { readonly row: number; readonly rgb: Uint8Array; readonly lost: boolean }[] = [];
    const handOut = async (): Promise<ReadTiles> => {
      const read = ready.map(({ rgb }) => rgb);
      const scaled =
        readPx === sizePx ? read : await Promise.all(read.map((tile) => scaleTile(tile, readPx, sizePx)));
      const damaged = ready.flatMap(({ row, lost }) => (lost ? [row] : []));
      return { rows: ready.map(({ row }) => row), side: sizePx, tiles: scaled, damaged };
    };
    for await (const done of tilesOf(level, cells, pick(places, tiles), readPx, spare)) {
      const { index: at, rgb, lost } = done;
      ready.push({ row: tiles[at] as number, rgb, lost });
      if ((ready.length + 1) * rgb.length <= batchBytes) continue;
      yield await handOut();
      spare.push(...ready.map((tile) => tile.rgb));
      ready = [];
    }
    if (ready.length > 0) yield await handOut();
  }
}

const pick = (places: Int32Array, tiles: readonly number[]): Int32Array =>
  Int32Array.from(
    { length: tiles.length * 2 },
    (_, i) => places[2 * (tiles[i >> 1] as number) + (i & 1)] as number,
  );

/** How a level is stored, and how its cells (stored tiles) are read. */
interface CellReader {
  readonly grid: LevelGrid;
  readonly read: (cells: readonly number[]) => Promise<readonly CellPixels[]>;
  /** Reads regions at any place, if the reader can do that. */
  readonly regions: ReadRegions | null;
}

function cellReader(reader: SlideReader, index: number, level: SlideLevel): CellReader {
  const stored = hasGrid(reader) ? reader.grid(index) : null;
  if (hasGrid(reader) && stored !== null)
    return {
      grid: stored,
      read: (cells) => reader.cells(index, cells),
      regions: reader.regions(index),
    };
  const grid = wholeGrid(level);
  const readCell = async (cell: number): Promise<CellPixels> => {
    const region = cellRegion(grid, cell);
    return { region, pixels: await reader.read(index, region) };
  };
  return { grid, read: (cells) => Promise.all(cells.map(readCell)), regions: null };
}

function wholeGrid({ width, height }: SlideLevel): LevelGrid {
  const [columns, rows] = [Math.ceil(width / wholeCell), Math.ceil(height / wholeCell)];
  const stored = new Uint8Array(columns * rows).fill(1);
  return { cellWidth: wholeCell, cellHeight: wholeCell, columns, rows, stored };
}

/**
 * The tiles in vertical stripes that are narrow enough for a row of unfinished tiles to fit into memory. Tiles of
 * usual size need one stripe.
 */
function inStripes(places: Int32Array, side: number): readonly (readonly number[])[] {
  const width = Math.max(side, mostPendingBytes / (side * 3));
  const stripes = new Map<number, number[]>();
  for (let tile = 0; tile < places.length / 2; tile++) {
    const key = Math.floor((places[2 * tile] as number) / width);
    const stripe = stripes.get(key);
    if (stripe) stripe.push(tile);
    else stripes.set(key, [tile]);
  }
  return [...stripes].sort(([a], [b]) => a - b).map(([, tiles]) => tiles);
}

interface CompleteTile {
  readonly index: number;
  readonly rgb: Uint8Array;
  readonly lost: boolean;
}

/**
 * Reads each tile as a region if the reader can read regions and the tiles have no more pixels than the cells.
 * Otherwise reads the cells.
 */
function tilesOf(
  level: SlideLevel,
  cells: CellReader,
  places: Int32Array,
  side: number,
  spare: Uint8Array[],
): AsyncGenerator<CompleteTile> {
  const { grid, regions } = cells;
  const plan = planCells(level, grid, places, side);
  const ofTiles = (places.length / 2) * side * side;
  const ofCells = plan.cells.length * grid.cellWidth * grid.cellHeight;
  return regions !== null && ofTiles <= ofCells
    ? singleTiles(regions, places, side, spare)
    : completeTiles(level, cells, plan, places, side, spare);
}

/** Reads tiles as regions, row by row in columns of the slide. */
async function* singleTiles(
  read: ReadRegions,
  places: Int32Array,
  side: number,
  spare: Uint8Array[],
): AsyncGenerator<CompleteTile> {
  const tiles = Array.from({ length: places.length / 2 }, (_, index) => {
    const [x, y] = [places[2 * index] as number, places[2 * index + 1] as number];
    return { index, column: Math.floor(x / columnWidth), region: { x, y, width: side, height: side } };
  }).sort((a, b) => a.column - b.column || a.region.y - b.region.y || a.region.x - b.region.x);
  const perRequest = Math.max(1, Math.floor(requestPixels / (side * side)));
  const requests = Array.from({ length: Math.ceil(tiles.length / perRequest) }, (_, i) =>
    tiles.slice(i * perRequest, (i + 1) * perRequest),
  );
  const filled = readAhead(requests, async (wanted) => {
    const into = wanted.map(() => spare.pop() ?? new Uint8Array(side * side * 3));
    const lost = await read(
      wanted.map(({ region }) => region),
      into,
    );
    return { wanted, into, lost };
  });
  for await (const { wanted, into, lost } of filled)
    for (const [i, { index }] of wanted.entries())
      yield { index, rgb: into[i] as Uint8Array, lost: lost.has(i) };
}

/** Yields tiles when the last of their cells has been read. */
async function* completeTiles(
  level: SlideLevel,
  { grid, read }: CellReader,
  { cells, takers, awaited, partial }: CellPlan,
  places: Int32Array,
  side: number,
  spare: Uint8Array[],
): AsyncGenerator<CompleteTile> {
  const blank = (index: number): Uint8Array => {
    const used = spare.pop();
    // Only a tile that is not completely filled would show the old content of a reused buffer. So only its buffer is
    // cleared.
    if (used !== undefined && partial[index] === 1) used.fill(0);
    return used ?? new Uint8Array(side * side * 3);
  };
  for (const [index, count] of awaited.entries())
    if (count === 0) yield { index, rgb: blank(index), lost: false };
  // Stored tiles extend beyond the edges of the level and have arbitrary pixels there. Only pixels inside of the level
  // are copied.
  const whole = { x: 0, y: 0, width: level.width, height: level.height };
  const begun = new Map<number, Uint8Array>();
  const losing = new Set<number>();
  const perPortion = Math.max(1, Math.floor(portionBytes / (grid.cellWidth * grid.cellHeight * 3)));
  const portions = Array.from({ length: Math.ceil(cells.length / perPortion) }, (_, i) =>
    cells.slice(i * perPortion, (i + 1) * perPortion),
  );
  let current = 0;
  for await (const decoded of readAhead(portions, read)) {
    const portion = portions[current++] as readonly number[];
    for (const [i, cell] of portion.entries()) {
      const { region, pixels, lost = false } = decoded[i] as CellPixels;
      for (const index of takers.get(cell) as readonly number[]) {
        const rgb = begun.get(index) ?? blank(index);
        const place = { x: places[2 * index] as number, y: places[2 * index + 1] as number };
        copyPixels(pixels, region, rgb, { ...place, width: side, height: side }, whole);
        if (lost) losing.add(index);
        const left = (awaited[index] as number) - 1;
        awaited[index] = left;
        if (left > 0) begun.set(index, rgb);
        else {
          begun.delete(index);
          yield { index, rgb, lost: losing.has(index) };
        }
      }
    }
  }
}

/**
 * Yields the results of `read` for the items in their order, and reads a few items ahead. When it ends, no read is in
 * progress.
 */
async function* readAhead<Item, Result>(
  items: readonly Item[],
  read: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const ahead: Promise<Result>[] = [];
  let next = 0;
  try {
    while (next < items.length || ahead.length > 0) {
      while (ahead.length < portionsInFlight && next < items.length) {
        const reading = read(items[next++] as Item);
        // The consumer gets a fault when it awaits this item. Before that, the fault must not become an unhandled
        // rejection, which would end the process.
        reading.catch(() => undefined);
        ahead.push(reading);
      }
      yield await (ahead.shift() as Promise<Result>);
    }
  } finally {
    await Promise.allSettled(ahead);
  }
}
