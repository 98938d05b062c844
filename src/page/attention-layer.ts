import type OpenSeadragon from 'openseadragon';
import { colourOf } from '../operators/heatmaps/colour-map.js';
import type { Attention } from './wire.js';

export type Tile = Attention['tiles'][number];
export type Ring = readonly (readonly [number, number])[];

/** Outlines of tissue as QuPath exports them. */
export interface GeoJson {
  readonly features: readonly {
    readonly geometry:
      | { readonly type: 'Polygon'; readonly coordinates: readonly Ring[] }
      | { readonly type: 'MultiPolygon'; readonly coordinates: readonly (readonly Ring[])[] };
  }[];
}

/** Outer outlines and holes, both as rings. */
export const ringsOf = ({ features }: GeoJson): readonly Ring[] =>
  features.flatMap(({ geometry }) =>
    geometry.type === 'Polygon' ? geometry.coordinates : geometry.coordinates.flat(),
  );

export interface Shown {
  readonly tiles: readonly Tile[];
  readonly rings: readonly Ring[];
  /** Tiles whose attention is below this percentile of their bag (0 to 1) are not drawn. */
  readonly least: number;
  readonly opacity: number;
}

/**
 * Draws attention and tissue over the current view of the slide.
 *
 * @param slideWidth width of the slide in the unit of the coordinates
 */
export function drawLayer(
  layer: HTMLCanvasElement,
  place: HTMLElement,
  viewport: OpenSeadragon.Viewport,
  slideWidth: number,
  { tiles, rings, least, opacity }: Shown,
): void {
  const ratio = window.devicePixelRatio;
  const [width, height] = [place.clientWidth, place.clientHeight];
  if (layer.width !== Math.floor(width * ratio) || layer.height !== Math.floor(height * ratio))
    [layer.width, layer.height] = [width * ratio, height * ratio];
  const pen = layer.getContext('2d');
  if (!pen) return;
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  // In viewport coordinates the picture has width one, whatever its size in pixels.
  const origin = viewport.pixelFromPoint(new window.OpenSeadragon.Point(0, 0), true);
  const end = viewport.pixelFromPoint(new window.OpenSeadragon.Point(1, 0), true);
  const scale = (end.x - origin.x) / slideWidth;
  pen.globalAlpha = opacity;
  let drawn = 0;
  for (const [x, y, side, , , percentile] of tiles) {
    if (percentile < least) continue;
    const [px, py, size] = [origin.x + x * scale, origin.y + y * scale, Math.max(1, side * scale)];
    if (px > width || py > height || px + size < 0 || py + size < 0) continue;
    pen.fillStyle = `rgb(${colourOf(percentile).join()})`;
    pen.fillRect(px, py, size, size);
    drawn++;
  }
  layer.dataset.drawn = String(drawn);
  pen.globalAlpha = 1;
  pen.strokeStyle = '#00a34f';
  pen.lineWidth = 2;
  for (const ring of rings) {
    pen.beginPath();
    ring.forEach(([x, y], at) => {
      const [px, py] = [origin.x + x * scale, origin.y + y * scale];
      if (at === 0) pen.moveTo(px, py);
      else pen.lineTo(px, py);
    });
    pen.closePath();
    pen.stroke();
  }
}
