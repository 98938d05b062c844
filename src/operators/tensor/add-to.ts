/**
 * Adds `values` to `target` of equal length. A plain loop is used, because `forEach` calls a function for each of millions of
 * elements.
 */
export function addTo(target: Float32Array, values: Float32Array): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] as number) + (values[i] as number);
}
