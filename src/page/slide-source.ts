import { ofRun, placeOf } from './api.js';
import { el } from './dom.js';
import type { SlideEntry } from './wire.js';

/** A note on how a slide is shown. Empty for a slide that is shown from its file. */
export function noteOf({ picture, reason, attention }: SlideEntry): string {
  const without =
    attention.length === 0
      ? 'No attention on this slide: its patient was in no test set, or no method reads it.'
      : '';
  const what =
    picture === 'slide'
      ? ''
      : picture === 'overlay'
        ? `${reason ?? ''} The picture that tiling made is shown in its place.`
        : `${reason ?? ''} Tiles are shown at their positions on a grey background.`;
  return `${what} ${without}`.trim();
}

/** The image source: tiles of the slide, the small picture of the tiling, or a grey area of the shape of the slide. */
export async function sourceOf(
  run: string,
  home: string,
  { slide, picture, width, height }: SlideEntry,
): Promise<unknown> {
  if (picture === 'slide') return ofRun(run, `${home}/slides/${slide}.dzi`);
  if (picture === 'overlay')
    return { type: 'image', url: await placeOf(ofRun(run, `${home}/slides/${slide}/overlay`)) };
  const paper = el('canvas', { width: 512, height: Math.max(1, Math.round((512 * height) / width)) });
  const pen = paper.getContext('2d');
  if (pen) {
    pen.fillStyle = '#ececec';
    pen.fillRect(0, 0, paper.width, paper.height);
  }
  return { type: 'image', url: paper.toDataURL() };
}

/**
 * OpenSeadragon adds an inline style to the page if the page does not have this style yet. The content policy
 * refuses inline styles. The element made here has the name `style` but no namespace: OpenSeadragon takes it for the
 * style, and the browser ignores it.
 */
export function holdStylePlace(): void {
  const name = 'data-openseadragon-mobile-css';
  if (document.querySelector(`style[${name}]`)) return;
  const place = document.createElementNS(null, 'style');
  place.setAttribute(name, '');
  document.head.append(place);
}
