import { bagModalities } from '../../pipeline/core/modality.js';
import { settingsText, type TiledImage } from '../tiling/tiles-data.js';
import { html, type Html } from './html.js';
import type { Tiled } from './image-input.js';
import { counted } from './number-text.js';

/** So many pictures of slides that did well, and as many of cores: those with the fewest tiles: what looks odd is among them. */
const shownWell = 200;
/** And so many of them are open when the page is. */
const openWell = 20;
/** Characters that all pictures may take in the page. */
const roomForPictures = 7_000_000;

const order = ['failed', 'empty', 'ok'] as const;
type Outcome = (typeof order)[number];

/** An entry has the outcome of its worst image. */
const outcomeOf = ({ images }: Tiled): Outcome =>
  order.find((outcome) => images.some((image) => image.outcome === outcome)) ?? 'empty';

const tilesOf = ({ images }: Tiled): number => images.reduce((sum, { rows }) => sum + rows, 0);

interface Entry {
  readonly tiled: Tiled;
  readonly outcome: Outcome;
}

/** Failed and empty ones first, then by number of tiles, as many as are wanted. */
function chosen(tiled: readonly Tiled[]): readonly Entry[] {
  const entries = tiled
    .map((one) => ({ tiled: one, outcome: outcomeOf(one), tiles: tilesOf(one) }))
    .sort((a, b) => order.indexOf(a.outcome) - order.indexOf(b.outcome) || a.tiles - b.tiles);
  const bad = entries.filter(({ outcome }) => outcome !== 'ok').length;
  return entries.slice(0, bad + shownWell);
}

/** The pictures of slides and of cores. */
export function contactSheet(tiled: readonly Tiled[]): Html {
  let room = roomForPictures;
  let left = tiled.length;
  const bad = new Map<string, number>();
  for (const one of tiled)
    if (outcomeOf(one) !== 'ok') bad.set(one.modality, (bad.get(one.modality) ?? 0) + 1);
  const sheets = bagModalities.map((modality) => {
    const cards: Html[] = [];
    for (const entry of chosen(tiled.filter((one) => one.modality === modality))) {
      const picture = entry.tiled.sheet();
      const data = picture === null ? null : Buffer.from(picture).toString('base64');
      room -= data?.length ?? 0;
      if (room < 0) break;
      cards.push(cardOf(entry, data));
    }
    left -= cards.length;
    return sheetOf(cards, bad.get(modality) ?? 0);
  });
  return html`<p class="aside">
      Pictures: failed and empty first, then by number of tiles, fewest first.
      ${left === 0 ? '' : `${left} of the ${tiled.length} pictures are not in this page, to keep it small.`}
      Larger ones and masks are below tiles in the run directory, every number is in tiles.csv.
    </p>
    ${sheets}`;
}

/** All that are bad and a few more to be seen at once, the others when somebody asks. */
function sheetOf(cards: readonly Html[], bad: number): Html {
  if (cards.length === 0) return html``;
  const open = bad + openWell;
  const rest = cards.slice(open);
  return html`<div class="sheet">${cards.slice(0, open)}</div>
    ${
      rest.length === 0
        ? html``
        : html`<details>
            <summary>${counted(rest.length, 'more picture')}</summary>
            <div class="sheet">${rest}</div>
          </details>`
    }`;
}

const cardOf = ({ tiled, outcome }: Entry, data: string | null): Html =>
  html`<figure class="${outcome}">
    ${
      data === null
        ? html`<div class="blank">no picture</div>`
        : html`<img src="data:image/jpeg;base64,${data}" alt="" />`
    }
    <figcaption>${tiled.modality === 'WSI' ? tiled.images.map(slideText) : coresText(tiled)}</figcaption>
  </figure>`;

function slideText({ id, rows, image, tile, segmentation, ...ended }: TiledImage): Html {
  const scale = image?.mpp
    ? `${shown(image.mpp.x)} µm/px (${image.mpp.source})`
    : image
      ? 'size of a pixel unknown'
      : null;
  const read = tile
    ? `tiles of ${tile.sizePx} px${tile.mpp === null ? '' : ` at ${shown(tile.mpp)} µm/px`}`
    : null;
  const tissue = segmentation
    ? `tissue ${(100 * segmentation.tissueShare).toFixed(1)} % in ${counted(segmentation.contours, 'piece')}`
    : null;
  return html`<strong>${id}</strong> ${outcomeText(ended)}
    <span>${[counted(rows, 'tile'), scale, read, tissue].filter((part) => part !== null).join('; ')}</span>
    ${
      segmentation
        ? html`<details>
            <summary>thresholds: ${segmentation.preset}</summary>
            ${settingsText(segmentation)}
          </details>`
        : html``
    }`;
}

function coresText(tiled: Tiled): Html {
  const { images } = tiled;
  const [first] = images;
  const patient = first?.patient ?? null;
  const stains = [...new Set(images.filter(({ rows }) => rows > 0).map(({ source }) => source))];
  return html`<strong>${patient === null ? (first?.id ?? 'no image') : `Patient ${patient}`}</strong>
    ${images
      .filter(({ outcome }) => outcome !== 'ok')
      .map((image) => html`${outcomeText({ ...image, reason: `${image.id}: ${image.reason ?? ''}` })}`)}
    <span>
      ${counted(images.length, 'core')},
      ${counted(tilesOf(tiled), 'tile')}${stains.length === 0 ? '' : `; ${stains.join(', ')}`}
    </span>`;
}

const outcomeText = ({ outcome, reason }: Pick<TiledImage, 'outcome' | 'reason'>): Html =>
  outcome === 'ok' ? html`` : html`<span class="bad">${outcome}: ${reason ?? 'no reason given'}</span>`;

const shown = (mpp: number): string => String(Number(mpp.toPrecision(4)));
