import { colourOf } from '../operators/heatmaps/colour-map.js';
import { el } from './dom.js';

const [width, height] = [160, 10];

/** The colours of the attention, from the lowest percentile to the highest. */
export function legend(): HTMLElement {
  const scale = el('canvas', { width, height, 'aria-hidden': 'true' });
  const pen = scale.getContext('2d');
  for (let x = 0; pen && x < width; x++) {
    pen.fillStyle = `rgb(${colourOf(x / (width - 1)).join()})`;
    pen.fillRect(x, 0, 1, height);
  }
  return el(
    'p',
    { class: 'legend' },
    'Attention: lowest of the patient (percentile 0, violet)',
    scale,
    'highest (100, yellow)',
  );
}
