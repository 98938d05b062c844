import { HafError } from '../../pipeline/core/errors.js';
import { counted } from '../../pipeline/core/wording.js';
import { type CellPixels, type GridReader, hasGrid, type ReadRegions } from './grid-reader.js';
import { cellRegion, cellsOf, copyPixels, overlapOf } from './level-grid.js';
import { OpenSlideFailed } from './openslide-process.js';
import type { Region, SlideReader, SlideWarning } from './slide-reader.js';
import { copyAgain } from './unreadable.js';

/** A reader that continues where stored tiles are damaged, and reports what it replaced. */
export interface PastDamage extends SlideReader {
  /** Warnings about the damaged tiles that were replaced so far. */
  damage(): readonly SlideWarning[];
}

interface Found {
  /** RGB pixels of the requested region, [height, width, 3]. */
  readonly pixels: Uint8Array;
  /** Whether some of the pixels are black because no level holds them. */
  readonly lost: boolean;
}

/** Whether a fault concerns one stored tile, and not the whole slide or the machine. */
const isOfTile = (thrown: unknown): boolean =>
  thrown instanceof HafError &&
  thrown.code === 'HAF_SLIDE_UNREADABLE' &&
  !(thrown.cause instanceof OpenSlideFailed && thrown.cause.ended);

/** Block means: each pixel of `to` is the mean of those pixels of the finer level that lie in it. */
function shrink(finer: Uint8Array, from: Region, to: Region, ratio: readonly [number, number]): Uint8Array {
  const rgb = new Uint8Array(to.width * to.height * 3);
  const spanOf = (at: number, scale: number, first: number, length: number): readonly [number, number] => {
    const start = Math.min(Math.floor(at * scale) - first, length - 1);
    return [start, Math.max(start + 1, Math.min(Math.floor((at + 1) * scale) - first, length))];
  };
  for (let y = 0; y < to.height; y++) {
    const [top, bottom] = spanOf(to.y + y, ratio[1], from.y, from.height);
    for (let x = 0; x < to.width; x++) {
      const [left, right] = spanOf(to.x + x, ratio[0], from.x, from.width);
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let row = top; row < bottom; row++)
          for (let column = left; column < right; column++)
            sum += finer[(row * from.width + column) * 3 + c] as number;
        rgb[(y * to.width + x) * 3 + c] = Math.round(sum / ((bottom - top) * (right - left)));
      }
    }
  }
  return rgb;
}

class DamagedSlide implements GridReader, PastDamage {
  readonly info: SlideReader['info'];
  /** Damaged stored tiles by level. */
  private readonly damaged = new Map<number, Set<number>>();
  private readonly mostLost: number;

  constructor(
    private readonly reader: GridReader,
    share: number,
  ) {
    this.info = reader.info;
    this.mostLost = Math.floor(share * (reader.grid(0)?.stored.length ?? 0));
  }

  grid(level: number): ReturnType<GridReader['grid']> {
    return this.reader.grid(level);
  }

  close(): Promise<void> {
    return this.reader.close();
  }

  damage(): readonly SlideWarning[] {
    return [...this.damaged]
      .sort(([a], [b]) => a - b)
      .map(([level, { size }]) => ({
        severity: 'warning',
        reason:
          `${counted(size, 'stored tile')} of level ${level} cannot be read; ` +
          (level === 0
            ? 'tiles that touch them are left out'
            : `their pixels are computed from level ${level - 1}`),
        fix: copyAgain,
      }));
  }

  async cells(level: number, cells: readonly number[]): Promise<readonly CellPixels[]> {
    try {
      return await this.reader.cells(level, cells);
    } catch (error) {
      if (!isOfTile(error)) throw error;
    }
    const found: CellPixels[] = [];
    for (const cell of cells) found.push(await this.cell(level, cell));
    return found;
  }

  regions(level: number): ReadRegions | null {
    const read = this.reader.regions(level);
    if (read === null) return null;
    return async (regions, into) => {
      try {
        return await read(regions, into);
      } catch (error) {
        if (!isOfTile(error)) throw error;
      }
      const losing = new Set<number>();
      for (const [i, region] of regions.entries()) {
        const { pixels, lost } = await this.find(level, region);
        into[i]?.set(pixels);
        if (lost) losing.add(i);
      }
      return losing;
    };
  }

  async read(level: number, region: Region): Promise<Uint8Array> {
    return (await this.find(level, region)).pixels;
  }

  private async find(level: number, region: Region): Promise<Found> {
    const grid = this.reader.grid(level);
    try {
      return { pixels: await this.reader.read(level, region), lost: false };
    } catch (error) {
      if (grid === null || !isOfTile(error)) throw error;
    }
    const pixels = new Uint8Array(region.width * region.height * 3);
    const whole = this.whole(level);
    const inside = overlapOf(region, whole);
    let lost = false;
    if (inside === null) return { pixels, lost };
    const { left, top, right, bottom } = cellsOf(grid, inside);
    for (let row = top; row < bottom; row++)
      for (let column = left; column < right; column++) {
        const number = row * grid.columns + column;
        if (grid.stored[number] !== 1) continue;
        const cell = await this.cell(level, number);
        lost ||= cell.lost === true;
        copyPixels(cell.pixels, cell.region, pixels, region, whole);
      }
    return { pixels, lost };
  }

  /** Reads a stored tile. If it is damaged, it is computed from the next finer level; on level 0 it is black. */
  private async cell(level: number, cell: number): Promise<CellPixels> {
    try {
      const [sound] = await this.reader.cells(level, [cell]);
      return sound as CellPixels;
    } catch (error) {
      if (!isOfTile(error)) throw error;
      const lost = this.damaged.get(level) ?? new Set<number>();
      this.damaged.set(level, lost.add(cell));
      if (level === 0 && lost.size > this.mostLost) throw error;
    }
    const grid = this.reader.grid(level);
    const region = overlapOf(cellRegion(grid as NonNullable<typeof grid>, cell), this.whole(level)) as Region;
    if (level === 0) return { region, pixels: new Uint8Array(region.width * region.height * 3), lost: true };
    const [here, finer] = [this.whole(level), this.whole(level - 1)];
    const ratio = [finer.width / here.width, finer.height / here.height] as const;
    const [x, y] = [Math.floor(region.x * ratio[0]), Math.floor(region.y * ratio[1])];
    const from = {
      ...{ x, y },
      width: Math.min(finer.width, Math.ceil((region.x + region.width) * ratio[0])) - x,
      height: Math.min(finer.height, Math.ceil((region.y + region.height) * ratio[1])) - y,
    };
    const { pixels, lost } = await this.find(level - 1, from);
    return { region, pixels: shrink(pixels, from, region, ratio), ...(lost ? { lost: true } : {}) };
  }

  private whole(level: number): Region {
    const { width, height } = this.info.levels[level] as SlideReader['info']['levels'][number];
    return { x: 0, y: 0, width, height };
  }
}

/**
 * Wraps a reader so that it continues where stored tiles are damaged. A damaged tile of a smaller level is computed
 * from the next finer level. A damaged tile of level 0 is black, and the tiles that touch it are marked.
 *
 * @param share maximum fraction of the stored tiles of level 0 that may be damaged; above it, the slide is unreadable
 */
export function pastDamage(reader: SlideReader, share: number): PastDamage {
  if (hasGrid(reader)) return new DamagedSlide(reader, share);
  return {
    info: reader.info,
    read: (level, region) => reader.read(level, region),
    close: () => reader.close(),
    damage: () => [],
  };
}
