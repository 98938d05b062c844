/** Red, green, blue, 0 to 255. */
export type Rgb = readonly [number, number, number];

/**
 * Every eighth colour of viridis (matplotlib), from dark violet to yellow. Equal steps look equal, also in grey and for colour-blind
 * readers.
 */
const stops: readonly Rgb[] = [
  [68, 1, 84],
  [71, 44, 122],
  [59, 81, 139],
  [44, 113, 142],
  [33, 144, 141],
  [39, 173, 129],
  [92, 200, 99],
  [170, 220, 50],
  [253, 231, 37],
];

/** The colour of a value from 0 (dark violet, least) to 1 (yellow, most). */
export function colourOf(value: number): Rgb {
  const position = Math.min(1, Math.max(0, value)) * (stops.length - 1);
  const below = Math.min(stops.length - 2, Math.floor(position));
  const share = position - below;
  const [from, to] = [stops[below] as Rgb, stops[below + 1] as Rgb];
  const mix = (channel: 0 | 1 | 2): number =>
    Math.round(from[channel] + share * (to[channel] - from[channel]));
  return [mix(0), mix(1), mix(2)];
}
