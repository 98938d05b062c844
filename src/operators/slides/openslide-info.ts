import type { OpenSlideFacts } from './openslide-messages.js';
import { plausible } from './slide-physics.js';
import type { SlideInfo, SlideLevel, SlideMpp, SlideScene, SlideWarning } from './slide-reader.js';
import { mostLevelPixels } from './tiff-levels.js';
import { sizeWarnings } from './tiff-warnings.js';

type Properties = OpenSlideFacts['properties'];

/** A property as a number above zero. Null if it is absent or not such a number. */
function numberOf(properties: Properties, name: string): number | null {
  const text = properties[name]?.trim() ?? '';
  const value = Number(text);
  return text !== '' && Number.isFinite(value) && value >= 0 ? value : null;
}

function mppOf(properties: Properties): { readonly mpp: SlideMpp | null; readonly said: string | null } {
  const [nameX, nameY] = ['openslide.mpp-x', 'openslide.mpp-y'];
  const [x, y] = [numberOf(properties, nameX), numberOf(properties, nameY)];
  const quoted = [nameX, nameY].flatMap((name) =>
    properties[name] === undefined ? [] : [`${name} = ${properties[name]}`],
  );
  if (quoted.length === 0) return { mpp: null, said: null };
  if (x === null || y === null || !plausible(x) || !plausible(y))
    return { mpp: null, said: quoted.join(', ') };
  return { mpp: { x, y, source: nameX }, said: null };
}

/** The rectangle of level 0 that was scanned. Null if it is the whole canvas, or not stated. */
function boundsOf(
  properties: Properties,
  { width, height }: Pick<SlideLevel, 'width' | 'height'>,
): { readonly x: number; readonly y: number; readonly width: number; readonly height: number } | null {
  const [x, y, w, h] = ['x', 'y', 'width', 'height'].map((name) =>
    numberOf(properties, `openslide.bounds-${name}`),
  );
  if (x == null || y == null || w == null || h == null || w < 1 || h < 1) return null;
  // The rectangle is clipped to the canvas. With some scanners it extends a few pixels beyond it because of rounding.
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const inside = {
    width: Math.min(Math.floor(w), width - left),
    height: Math.min(Math.floor(h), height - top),
  };
  if (inside.width < 1 || inside.height < 1) return null;
  if (inside.width === width && inside.height === height) return null;
  return { x: left, y: top, ...inside };
}

/** Scenes that share one canvas, as rectangles of level 0; empty for a slide with one scene. */
function scenesOn(
  properties: Properties,
  mpp: SlideMpp | null,
  origin: { readonly x: number; readonly y: number },
): readonly SlideScene[] {
  const scenes: SlideScene[] = [];
  for (let i = 0; ; i++) {
    const [x, y, width, height] = ['x', 'y', 'width', 'height'].map((name) =>
      numberOf(properties, `openslide.region[${i}].${name}`),
    );
    if (x == null || y == null || width == null || height == null) break;
    const at = { x: Math.round(x) - origin.x, y: Math.round(y) - origin.y };
    const size = { width: Math.round(width), height: Math.round(height) };
    scenes.push({ number: i + 1, name: '', ...size, mpp, kind: 'scene', at });
  }
  return scenes.length < 2 ? [] : scenes;
}

/** Levels of the scanned rectangle, if they hold at least one pixel of it. */
function levelsIn(
  levels: OpenSlideFacts['levels'],
  bounds: { readonly width: number; readonly height: number } | null,
): readonly SlideLevel[] {
  if (bounds === null) return levels;
  return levels
    .map(({ downsample }) => ({
      width: Math.floor(bounds.width / downsample),
      height: Math.floor(bounds.height / downsample),
      downsample,
    }))
    .filter(({ width, height }) => width > 0 && height > 0);
}

/**
 * Converts OpenSlide's description of a slide to `SlideInfo`, which all readers use.
 *
 * @returns `tiles`: side length of the stored tiles of each level, null if it is not stated or they are not square
 * @throws Error if a level has a size or downsample that no slide has
 */
export function openSlideInfo(
  { levels: canvas, properties }: OpenSlideFacts,
  version: string,
): { readonly info: SlideInfo; readonly tiles: readonly (number | null)[] } {
  const [base] = canvas;
  if (base === undefined) throw new Error('it has no levels');
  for (const { width, height, downsample } of canvas)
    if (!(width > 0 && height > 0 && downsample >= 1) || width * height > mostLevelPixels)
      throw new Error(`a level has ${width} x ${height} pixels, downsampled ${downsample} times`);
  const bounds = boundsOf(properties, base);
  const levels = levelsIn(canvas, bounds);
  const { mpp, said } = mppOf(properties);
  const power = numberOf(properties, 'openslide.objective-power');
  const notes: string[] = [];
  if (bounds !== null)
    notes.push(
      `only the scanned part of its canvas is read: ${bounds.width} x ${bounds.height} of ${base.width} x ${base.height} pixels, ` +
        `from x ${bounds.x}, y ${bounds.y}`,
    );
  const scenes = scenesOn(properties, mpp, bounds ?? { x: 0, y: 0 });
  if (scenes.length > 0)
    notes.push(
      `it holds ${scenes.length} scenes on one canvas, and the whole canvas is read unless tile.scene names one`,
    );
  const warnings: readonly SlideWarning[] = sizeWarnings(mpp, said);
  return {
    info: {
      vendor: properties['openslide.vendor'] ?? 'unknown',
      route: 'openslide',
      levels,
      mpp,
      mppSaid: said,
      magnification: power !== null && power > 0 ? power : null,
      compression: `as OpenSlide ${version} decodes it`,
      ...(bounds === null ? {} : { origin: { x: bounds.x, y: bounds.y } }),
      ...(scenes.length === 0 ? {} : { scenes }),
      missingTiles: 0,
      notes,
      warnings,
    },
    tiles: levels.map((_, level) => {
      const [width, height] = ['width', 'height'].map((side) =>
        numberOf(properties, `openslide.level[${level}].tile-${side}`),
      );
      return width != null && width >= 1 && width === height ? width : null;
    }),
  };
}
