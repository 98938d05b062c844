import { ofRun, placeOf } from './api.js';
import { el } from './dom.js';
import type { SlideEntry } from './wire.js';

/** What a person should know of how a slide is shown; empty for a slide as it is. */
export function noteOf({ picture, reason, attention }: SlideEntry): string {
  const without =
    attention.length === 0
      ? 'No attention on this slide: its patient was in no test set, or no method reads it.'
      : '';
  const what =
    picture === 'slide'
      ? ''
      : picture === 'overlay'
        ? `${reason ?? ''} The picture of the tiling is shown in its place.`
        : `${reason ?? ''} Tiles are shown where they lie, on paper.`;
  return `${what} ${without}`.trim();
}

/** Tiles of the slide, the small picture, or paper of the same shape. */
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
 * OpenSeadragon puts an inline style into the page, which the policy refuses, unless one is there already. An element of this
 * name without a namespace counts as one and is no style.
 */
export function holdStylePlace(): void {
  const name = 'data-openseadragon-mobile-css';
  if (document.querySelector(`style[${name}]`)) return;
  const place = document.createElementNS(null, 'style');
  place.setAttribute(name, '');
  document.head.append(place);
}
