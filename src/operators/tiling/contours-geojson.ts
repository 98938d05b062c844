import { z } from 'zod';
import type { Polygon } from './polygon.js';
import type { Outline } from './trace-contours.js';

/** GeoJSON requires that a ring ends with its first position. */
function ringOf(polygon: Polygon): [number, number][] {
  const ring: [number, number][] = [];
  for (let i = 0; i < polygon.length; i += 2) ring.push([polygon[i] as number, polygon[i + 1] as number]);
  return [...ring, ring[0] as [number, number]];
}

const positionSchema = z.tuple([z.number().int(), z.number().int()]);

/** The output of `contoursGeoJson`. */
export const tissueContoursSchema = z.strictObject({
  type: z.literal('FeatureCollection'),
  features: z.array(
    z.strictObject({
      type: z.literal('Feature'),
      geometry: z.strictObject({
        type: z.literal('Polygon'),
        coordinates: z.array(z.array(positionSchema).readonly()).readonly(),
      }),
      properties: z.strictObject({
        objectType: z.literal('annotation'),
        name: z.string(),
        classification: z.strictObject({ name: z.literal('Tissue') }),
      }),
    }),
  ),
});
export type TissueContours = z.infer<typeof tissueContoursSchema>;

/**
 * The tissue in level-0 pixels as GeoJSON: one polygon with its holes per piece of tissue. QuPath imports the
 * polygons as annotations.
 */
export const contoursGeoJson = (outlines: readonly Outline[]): TissueContours => ({
  type: 'FeatureCollection',
  features: outlines.map(({ outer, holes }, index) => ({
    type: 'Feature',
    geometry: { type: 'Polygon', coordinates: [ringOf(outer), ...holes.map(ringOf)] },
    properties: { objectType: 'annotation', name: `${index}`, classification: { name: 'Tissue' } },
  })),
});
