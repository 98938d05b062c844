import type { Region } from '../../operators/slides/slide-reader.js';
import type { DeepZoom } from '../../operators/tiling/deep-zoom.js';

/** Maximum number of open slides, and of bytes of encoded tiles in memory. */
const mostOpen = 4;
const mostBytes = 64 * 2 ** 20;
/** Maximum number of tiles that are cut at once. A viewer asks for dozens. */
const atOnce = 4;

/** A slide file and the number of its scene; null for a file with one scene. */
export interface CachedSlide {
  readonly path: string;
  readonly scene: number | null;
  /** The region of the slide that shows one core. Null for the whole slide. */
  readonly part: Region | null;
}

/**
 * Least-recently-used caches of open slides and of encoded tiles. Memory is bounded, whatever the viewers show.
 */
export class SlideCache {
  private readonly slides = new Map<string, Promise<DeepZoom>>();
  private readonly tiles = new Map<string, Uint8Array>();
  private bytes = 0;
  private cutting = 0;
  private readonly waiting: (() => void)[] = [];

  /** @throws HafError HAF_SLIDE_UNREADABLE */
  async size(slide: CachedSlide): Promise<{ readonly width: number; readonly height: number }> {
    return (await this.open(slide)).size;
  }

  /**
   * A tile as JPEG. Null if there is no tile at this position.
   * @throws HafError HAF_SLIDE_UNREADABLE
   */
  async tile(slide: CachedSlide, level: number, column: number, row: number): Promise<Uint8Array | null> {
    const key = `${level}/${column}/${row} ${keyOf(slide)}`;
    const kept = this.tiles.get(key);
    if (kept !== undefined) {
      // The map is ordered by last use, least recent first. This tile moves to the end, so it is evicted last.
      this.tiles.delete(key);
      this.tiles.set(key, kept);
      return kept;
    }
    await this.turn();
    try {
      const cut = await (await this.open(slide)).tile(level, column, row);
      if (cut !== null) this.keep(key, cut);
      return cut;
    } finally {
      this.cutting--;
      this.waiting.shift()?.();
    }
  }

  async close(): Promise<void> {
    const open = [...this.slides.values()];
    this.slides.clear();
    this.tiles.clear();
    this.bytes = 0;
    await Promise.all(open.map(closed));
  }

  private open(wanted: CachedSlide): Promise<DeepZoom> {
    const key = keyOf(wanted);
    const known = this.slides.get(key);
    const slide = known ?? opened(wanted);
    this.slides.delete(key);
    this.slides.set(key, slide);
    if (known === undefined) {
      // An error is not kept, because a slide that cannot be read now may be repaired later.
      slide.catch(() => this.slides.delete(key));
      for (const [oldest, one] of [...this.slides].slice(0, Math.max(0, this.slides.size - mostOpen))) {
        this.slides.delete(oldest);
        // The slide is closed 5 seconds after its eviction, so that requests which cut tiles from it can finish.
        setTimeout(() => void closed(one), 5000).unref();
      }
    }
    return slide;
  }

  private keep(key: string, tile: Uint8Array): void {
    if (!this.tiles.has(key)) this.bytes += tile.byteLength;
    this.tiles.set(key, tile);
    for (const [oldest, old] of this.tiles) {
      if (this.bytes <= mostBytes) break;
      this.tiles.delete(oldest);
      this.bytes -= old.byteLength;
    }
  }

  private async turn(): Promise<void> {
    while (this.cutting >= atOnce) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.cutting++;
  }
}

const keyOf = ({ path, scene, part }: CachedSlide): string => JSON.stringify([scene, part, path]);

async function opened({ path, scene, part }: CachedSlide): Promise<DeepZoom> {
  const [{ openSlide }, { slideReaderOf }, { pastDamage }, { cropped }, { DeepZoom: Zoom }] =
    await Promise.all([
      import('../../operators/slides/open-slide.js'),
      import('../../operators/slides/reader-of.js'),
      import('../../operators/slides/past-damage.js'),
      import('../../operators/slides/cropped.js'),
      import('../../operators/tiling/deep-zoom.js'),
    ]);
  // A slide is shown whatever share of it is damaged.
  const whole = pastDamage(await openSlide(path, await slideReaderOf(path), scene), 1);
  return new Zoom(part === null ? whole : cropped(whole, part));
}

const closed = (slide: Promise<DeepZoom>): Promise<void> =>
  slide.then((one) => one.close()).catch(() => undefined);
