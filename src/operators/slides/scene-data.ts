import type { SlideScene } from './slide-reader.js';

/**
 * Text for a scene, with its number, as `inspect` and error messages show it:
 * `2 (macro, 100 x 140 pixels, 0.25 um per pixel)`.
 */
export function sceneText({ number, name, width, height, mpp }: SlideScene): string {
  const um = mpp === null ? null : `${Number(((mpp.x + mpp.y) / 2).toPrecision(4))} um per pixel`;
  const facts = [name, `${width} x ${height} pixels`, um].filter((fact) => fact !== '' && fact !== null);
  return `${number} (${facts.join(', ')})`;
}
