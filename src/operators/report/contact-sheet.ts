import { meanMpp, settingsText, type TiledImage } from '../tiling/tiles-data.js';
import { html, type Html } from './html.js';
import type { Tiled } from './image-input.js';
import { tilesOf } from './shared-tiles.js';
import { counted } from '../../pipeline/core/wording.js';
import type { ReportInput } from './report-input.js';

/**
 * Maximum number of pictures of successfully tiled images (outcome `ok`) for each modality. Those with the fewest tiles
 * are chosen, because faulty images are most likely among them.
 */
const shownWell = 200;
/**
 * Number of pictures with outcome `ok` that are visible without a click. More pictures would push the rest of the page
 * out of sight.
 */
const openWell = 15;
/** Maximum number of characters of all pictures in the page. */
const roomForPictures = 7_000_000;

const order = ['failed', 'empty', 'ok'] as const;
type Outcome = (typeof order)[number];

/** The outcome of a group of images that were tiled together is the outcome of its worst image. */
const outcomeOf = ({ images }: Tiled): Outcome =>
  order.find((outcome) => images.some((image) => image.outcome === outcome)) ?? 'empty';

interface Entry {
  readonly tiled: Tiled;
  readonly outcome: Outcome;
}

/**
 * Failed images come first, then empty ones, then the others with the fewest tiles first. At most `shownWell` of the
 * others are kept.
 */
function chosen(tiled: readonly Tiled[]): readonly Entry[] {
  const entries = tiled
    .map((one) => ({ tiled: one, outcome: outcomeOf(one), tiles: tilesOf(one) }))
    .sort((a, b) => order.indexOf(a.outcome) - order.indexOf(b.outcome) || a.tiles - b.tiles);
  const bad = entries.filter(({ outcome }) => outcome !== 'ok').length;
  return entries.slice(0, bad + shownWell);
}

/**
 * The pictures of each modality.
 * @param noun the word for an image that is tiled as a whole, without a search for tissue
 */
export function contactSheet(
  tiled: readonly Tiled[],
  titles: ReportInput['titles'],
  noun: 'core' | 'image',
): Html {
  let room = roomForPictures;
  let left = tiled.length;
  const sheets = [...new Set(tiled.map(({ modality }) => modality))].map((modality) => {
    const cards: Html[] = [];
    let inSight = openWell;
    for (const entry of chosen(tiled.filter((one) => one.modality === modality))) {
      const picture = entry.tiled.sheet();
      const data = picture === null ? null : Buffer.from(picture).toString('base64');
      room -= data?.length ?? 0;
      if (room < 0) break;
      cards.push(cardOf(entry, data, noun));
      if (entry.outcome !== 'ok') inSight += 1;
    }
    left -= cards.length;
    const [shown, folded] = [cards.slice(0, inSight), cards.slice(inSight)];
    return html`${sheetOf(shown)}
    ${
      folded.length === 0
        ? html``
        : html`<details>
            <summary>${folded.length} more of ${titles[modality] ?? modality}</summary>
            ${sheetOf(folded)}
          </details>`
    }`;
  });
  return html`<p class="aside">
      Pictures: failed and empty first, then by number of tiles, fewest first.
      ${left === 0 ? '' : `${left} of the ${tiled.length} pictures are not in this page, to keep it small.`}
      Larger ones and masks are below tiles in the run directory, every number is in tiles.csv.
    </p>
    ${sheets}`;
}

const sheetOf = (cards: readonly Html[]): Html =>
  cards.length === 0 ? html`` : html`<div class="sheet">${cards}</div>`;

const cardOf = ({ tiled, outcome }: Entry, data: string | null, noun: string): Html =>
  html`<figure class="${outcome}">
    ${
      data === null
        ? html`<div class="blank">no picture</div>`
        : html`<img src="data:image/jpeg;base64,${data}" alt="" />`
    }
    <figcaption>${tiled.tissue ? tiled.images.map(slideText) : coresText(tiled, noun)}</figcaption>
  </figure>`;

function slideText({ id, rows, image, tile, segmentation, ...ended }: TiledImage): Html {
  const scale = image?.mpp
    ? `${shown(meanMpp(image.mpp))} µm/px (${image.mpp.source})`
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

/** The text below a picture that shows images of one patient: faults, number of images, number of tiles, stains. */
function coresText(tiled: Tiled, noun: string): Html {
  const { images } = tiled;
  const [first] = images;
  const patient = first?.patient ?? null;
  const stains = [...new Set(images.filter(({ rows }) => rows > 0).map(({ source }) => source))];
  return html`<strong>${patient === null ? (first?.id ?? 'no image') : `Patient ${patient}`}</strong>
    ${images
      .filter(({ outcome }) => outcome !== 'ok')
      .map((image) => html`${outcomeText({ ...image, reason: `${image.id}: ${image.reason ?? ''}` })}`)}
    <span>
      ${counted(images.length, noun)},
      ${counted(tilesOf(tiled), 'tile')}${stains.length === 0 ? '' : `; ${stains.join(', ')}`}
    </span>`;
}

const outcomeText = ({ outcome, reason }: Pick<TiledImage, 'outcome' | 'reason'>): Html =>
  outcome === 'ok' ? html`` : html`<span class="bad">${outcome}: ${reason ?? 'no reason given'}</span>`;

const shown = (mpp: number): string => String(Number(mpp.toPrecision(4)));
