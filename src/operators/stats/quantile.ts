/**
 * Quantile by linear interpolation between order statistics (type 7 of Hyndman and Fan, the default of R and NumPy).
 *
 * @param sorted ascending, at least one value
 * @param share from 0 to 1
 */
export function quantile(sorted: Float64Array | readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)] as number;
  const above = sorted[Math.ceil(at)] as number;
  return below + (at - Math.floor(at)) * (above - below);
}
