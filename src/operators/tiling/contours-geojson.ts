import type { Polygon } from './polygon.js';
import type { Outline } from './trace-contours.js';

/** GeoJSON wants the first position again at the end. */
function ringOf(polygon: Polygon): readonly (readonly [number, number])[] {
  const ring: (readonly [number, number])[] = [];
  for (let i = 0; i < polygon.length; i += 2) ring.push([polygon[i] as number, polygon[i + 1] as number]);
  return [...ring, ring[0] as readonly [number, number]];
}

/** The tissue in level-0 pixels, a polygon with its holes per piece, as QuPath imports annotations. */
export const contoursGeoJson = (outlines: readonly Outline[]): object => ({
  type: 'FeatureCollection',
  features: outlines.map(({ outer, holes }, index) => ({
    type: 'Feature',
    geometry: { type: 'Polygon', coordinates: [ringOf(outer), ...holes.map(ringOf)] },
    properties: { objectType: 'annotation', name: `${index}`, classification: { name: 'Tissue' } },
  })),
});
