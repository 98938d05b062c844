import type OpenSeadragon from 'openseadragon';
import { ask, leadTo, ofRun, type Leave } from './api.js';
import { legend } from './attention-legend.js';
import { drawLayer, type GeoJson, type Ring, ringsOf, type Tile } from './attention-layer.js';
import { el, scrolling, setText, shown } from './dom.js';
import { resultsAddress } from './results-view.js';
import { loadScript } from './script-tag.js';
import { holdStylePlace, noteOf, sourceOf } from './slide-source.js';
import { number } from './text.js';
import type { Attention, PatientSlides, SlideEntry } from './wire.js';

declare global {
  interface Window {
    readonly OpenSeadragon: typeof OpenSeadragon;
  }
}

/** Number of tiles with the highest attention that are listed. */
const mostListed = 10;

/** The slides of a patient, zoomed by mouse, touch or keyboard, with the attention drawn over them. */
export function slideView(main: HTMLElement, run: string, patient: string): Leave {
  const home = `patients/${encodeURIComponent(patient)}`;
  const slideBox = el('select');
  const layerBox = el('select');
  const opacity = el('input', { type: 'range', min: 0, max: 100, value: 50 });
  const cut = el('input', { type: 'range', min: 0, max: 100, value: 0 });
  const cutText = el('span', {}, 'From percentile 0');
  const withAttention = el('input', { type: 'checkbox', checked: true });
  const withContours = el('input', { type: 'checkbox', checked: true });
  const note = el('p', { class: 'soft', role: 'status' });
  const hover = el('p', { class: 'soft hover' }, 'Point at a tile to see its score.');
  const place = el('div', { class: 'viewer' });
  const top = el('tbody');
  const pictures = el('p');
  const buttons = (['Zoom in', 'Zoom out', 'Whole slide'] as const).map((title) => {
    const button = el('button', { type: 'button' }, title);
    button.addEventListener('click', () => {
      if (title === 'Whole slide') viewer?.viewport.goHome();
      else viewer?.viewport.zoomBy(title === 'Zoom in' ? 2 : 0.5);
    });
    return button;
  });
  let viewer: OpenSeadragon.Viewer | null = null;
  let slides: readonly SlideEntry[] = [];
  let slide: SlideEntry | null = null;
  let tiles: readonly Tile[] = [];
  let rings: readonly Ring[] = [];
  let left = false;
  const layer = el('canvas', { 'aria-hidden': 'true' });

  const draw = (): void => {
    if (!viewer || !slide) return;
    drawLayer(layer, place, viewer.viewport, slide.width, {
      tiles: withAttention.checked ? tiles : [],
      rings: withContours.checked ? rings : [],
      least: Number(cut.value) / 100,
      opacity: Number(opacity.value) / 100,
    });
  };
  const tileAt = (x: number, y: number): Tile | undefined =>
    tiles.findLast(([left, upper, side]) => x >= left && x < left + side && y >= upper && y < upper + side);
  const tileText = ([x, y, , score, attention, percentile]: Tile): string =>
    `Score ${number(score)}, attention ${number(attention)}, percentile ${Math.round(100 * percentile)}, at ${number(x)}, ${number(y)}`;

  const look = (x: number, y: number, side: number): void => {
    if (!viewer || !slide) return;
    const { width } = slide;
    const room = new window.OpenSeadragon.Rect(
      (x - side) / width,
      (y - side) / width,
      (3 * side) / width,
      (3 * side) / width,
    );
    viewer.viewport.fitBounds(room);
  };
  const list = (): void => {
    const highest = [...tiles].sort((a, b) => b[3] - a[3]).slice(0, mostListed);
    top.replaceChildren(
      ...highest.map((tile, at) => {
        const [x, y, side, score, , percentile] = tile;
        const button = el('button', { type: 'button', 'aria-label': `Look at tile ${at + 1}` }, 'Look');
        button.addEventListener('click', () => {
          look(x, y, side);
          setText(hover, tileText(tile));
        });
        return el(
          'tr',
          {},
          el('th', { scope: 'row' }, String(at + 1)),
          ...[number(score), String(Math.round(100 * percentile)), number(x), number(y)].map((text) =>
            el('td', {}, text),
          ),
          el('td', {}, button),
        );
      }),
    );
  };
  const readLayer = async (): Promise<void> => {
    const name = layerBox.value;
    const wanted = slide;
    tiles = [];
    if (wanted && name !== '') {
      const address = ofRun(run, `${home}/slides/${wanted.slide}/attention/${encodeURIComponent(name)}`);
      const found = await ask<Attention>(address);
      if (slide !== wanted || layerBox.value !== name) return;
      tiles = found.tiles;
    }
    list();
    draw();
  };
  const readContours = async (): Promise<void> => {
    const wanted = slide;
    rings = [];
    if (!wanted?.contours) return;
    const found = await ask<GeoJson>(ofRun(run, `${home}/slides/${wanted.slide}/contours`));
    if (slide !== wanted) return;
    rings = ringsOf(found);
    draw();
  };
  const open = async (): Promise<void> => {
    slide = slides[Number(slideBox.value)] ?? null;
    if (!slide || left) return;
    layerBox.replaceChildren(
      ...slide.attention.map((name) => {
        const option = el('option', {}, name);
        option.value = name;
        return option;
      }),
    );
    setText(note, noteOf(slide));
    const source = await sourceOf(run, home, slide);
    await loadScript('assets/openseadragon.js');
    holdStylePlace();
    if (left) return;
    viewer?.destroy();
    place.replaceChildren();
    viewer = window.OpenSeadragon({
      element: place,
      tileSources: source as OpenSeadragon.TileSourceOptions,
      ...{ showNavigationControl: false, drawer: 'canvas', animationTime: 0.4, maxZoomPixelRatio: 4 },
      ...{ visibilityRatio: 0.3, minZoomImageRatio: 0.5, immediateRender: true },
    });
    viewer.canvas.setAttribute('role', 'application');
    viewer.canvas.setAttribute(
      'aria-label',
      shown(`Slide ${slide.image}: arrows move, plus and minus zoom, 0 shows the whole`),
    );
    layer.className = 'layer';
    viewer.canvas.append(layer);
    viewer.addHandler('open', draw);
    viewer.addHandler('update-viewport', draw);
    viewer.addHandler('animation', draw);
    viewer.addHandler('resize', draw);
    viewer.addHandler('tile-load-failed', () => setText(note, 'A tile cannot be read.'));
    viewer.addHandler('open-failed', () =>
      setText(note, 'The slide cannot be read; its attention is shown without it.'),
    );
    await Promise.all([readLayer(), readContours()]);
  };
  place.addEventListener('pointermove', (event) => {
    if (!viewer || !slide || tiles.length === 0) return;
    const box = place.getBoundingClientRect();
    const at = new window.OpenSeadragon.Point(event.clientX - box.left, event.clientY - box.top);
    const point = viewer.viewport.pointFromPixel(at, true);
    const tile = tileAt(point.x * slide.width, point.y * slide.width);
    setText(hover, tile ? tileText(tile) : 'No tile here.');
  });
  slideBox.addEventListener('change', () => void open());
  layerBox.addEventListener('change', () => void readLayer());
  for (const box of [opacity, cut, withAttention, withContours])
    box.addEventListener('input', () => {
      setText(cutText, `From percentile ${cut.value}`);
      draw();
    });

  const heading = el('h1', {}, `Patient ${patient}`);
  const fail = (error: unknown): void =>
    main.replaceChildren(heading, el('p', { class: 'warning', role: 'alert' }, (error as Error).message));
  const start = async (): Promise<void> => {
    const found = await ask<PatientSlides>(ofRun(run, home));
    if (left) return;
    slides = found.slides;
    slideBox.replaceChildren(
      ...slides.map(({ image, source, slide: at }) => {
        const option = el('option', {}, source === '' ? image : `${image} (${source})`);
        option.value = String(at);
        return option;
      }),
    );
    pictures.replaceChildren(
      ...found.heatmaps.map(({ modality, file }) =>
        leadTo(
          el('a', { target: '_blank', rel: 'noopener' }, `Heatmap of ${modality} `),
          ofRun(run, `${home}/heatmaps/${encodeURIComponent(file)}`),
        ),
      ),
    );
    await open();
  };
  main.replaceChildren(
    heading,
    el('p', {}, el('a', { href: resultsAddress(run, 'patients') }, 'All patients')),
    el(
      'div',
      { class: 'controls' },
      el('label', {}, 'Slide', slideBox),
      el('label', {}, 'Attention of', layerBox),
      el('label', {}, 'Opacity', opacity),
      el('label', {}, cutText, cut),
      el('label', { class: 'line' }, withAttention, 'Attention'),
      el('label', { class: 'line' }, withContours, 'Tissue'),
      el('span', { class: 'group' }, ...buttons),
    ),
    note,
    place,
    legend(),
    hover,
    pictures,
    el('h2', {}, 'Tiles with the highest attention'),
    scrolling(
      'Tiles with the highest attention',
      el(
        'table',
        {},
        el('caption', {}, `The first ${mostListed} of this slide; percentile in the bag of the patient`),
        el(
          'thead',
          {},
          el(
            'tr',
            {},
            ...['Tile', 'Score', 'Percentile', 'x', 'y', 'Look'].map((title) =>
              el('th', { scope: 'col' }, title),
            ),
          ),
        ),
        top,
      ),
    ),
  );
  start().catch(fail);
  return () => {
    left = true;
    viewer?.destroy();
  };
}
