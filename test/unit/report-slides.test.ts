import { describe, expect, it } from 'vitest';
import { html, type Html } from '../../src/operators/report/html.js';
import type { Tiled } from '../../src/operators/report/image-input.js';
import { titlesOf } from '../../src/operators/report/overview.js';
import { imageSection } from '../../src/operators/report/image-section.js';
import type { BagIndex, IndexedBag } from '../../src/operators/features/bag-index.js';
import type { TiledImage } from '../../src/operators/tiling/tiles-data.js';
import type { Unit } from '../../src/pipeline/stage.js';
import { tiledImage } from '../support/heatmap-case.js';
import { count, reported } from '../support/invented-report.js';
import { bagsArtifact, cohortArtifact } from '../support/invented-cohort.js';
import { inventedCohort, type InputArtifact } from '../support/invented-results.js';
import { resolvedConfig } from '../support/resolved-config.js';

const slide = (id: string, more: Partial<TiledImage> = {}): TiledImage =>
  tiledImage({ id, file: `wsi/${id}.svs`, ...more });
const unreadable = slide('torn', {
  ...{
    outcome: 'failed',
    reason: 'its header is <torn>',
    image: null,
    segmentation: null,
    tile: null,
    rows: 0,
  },
});
const blank = slide('blank', { outcome: 'empty', reason: 'it has no tissue', rows: 0 });

const tileArtifact = (images: readonly TiledImage[], unit: Unit, sheet: string | null): InputArtifact => ({
  id: `tile ${JSON.stringify(unit)}`,
  unit,
  files: {
    'tiles.json': { images },
    ...(sheet === null ? {} : { 'sheet.jpg': new TextEncoder().encode(sheet) }),
  },
});
const slideArtifact = (image: TiledImage, sheet: string | null = `picture of ${image.id}`): InputArtifact =>
  tileArtifact([image], { modality: 'WSI', file: image.file, tiling: 'tissue' }, sheet);

const bag = (patient: string, source: string, more: Partial<IndexedBag> = {}): IndexedBag => ({
  ...{ patient, source, image: `${source} of ${patient}`, start: 0, rows: 5, mpp: null },
  coords: { unit: 'px', side: 256 },
  ...more,
});
const embedArtifact = (unit: Unit, bags: readonly IndexedBag[], encoder: string | null): InputArtifact => {
  const index: BagIndex = {
    ...{ dialect: 'slide', encoder, precision: 'float32', width: 4 },
    bags: [...bags],
  };
  return { id: `embed ${JSON.stringify(unit)}`, unit, files: { 'bags.json': index } };
};

/** The HTML of the section with this heading. Empty if there is none. */
function section(page: string | undefined, heading: string): string {
  const from = page?.indexOf(`<h2>${heading}</h2>`) ?? -1;
  return page === undefined || from < 0 ? '' : page.slice(from, page.indexOf('</section>', from));
}

/** Text without markup, spaces collapsed. */
const textOf = (markup: string): string => markup.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');
const base64 = (text: string): string => Buffer.from(text).toString('base64');

const config = resolvedConfig();
const sectionOf = (tiled: readonly Tiled[], of = config): Html =>
  imageSection({
    config: of,
    titles: titlesOf(of),
    images: { tiled, shared: [], features: [], patients: [], heatmaps: [] },
  });

describe('slides in the report', () => {
  it('come with pictures, failed and empty ones first, then those with the fewest tiles', async () => {
    const pages = await reported({
      tile: [
        slideArtifact(slide('many', { rows: 900 })),
        slideArtifact(slide('few', { rows: 2 })),
        slideArtifact(blank),
        slideArtifact(unreadable, null),
      ],
    });
    const shown = section(pages['report.html'], 'Slides and cores');
    const names = [...shown.matchAll(/<figcaption>\s*<strong>([^<]*)</g)].map(([, name]) => name);
    expect(names).toEqual(['torn', 'blank', 'few', 'many']);
    expect([...shown.matchAll(/<figure class="(\w+)"/g)].map(([, outcome]) => outcome)).toEqual([
      'failed',
      'empty',
      'ok',
      'ok',
    ]);
    expect(shown).toContain(`src="data:image/jpeg;base64,${base64('picture of few')}"`);
    expect(shown.match(/<img/g)).toHaveLength(3);
    expect(shown).toContain('<span class="bad">failed: its header is &lt;torn&gt;</span>');
    expect(textOf(shown)).toContain('WSI 4 2 1 1 902');
    expect(textOf(shown)).toContain(
      '2 tiles; 0.25 µm/px (Aperio MPP); tiles of 256 px at 0.25 µm/px; tissue 43.2 % in 3 pieces',
    );
    expect(textOf(shown)).toContain('thresholds: default sthresh=8 useOtsu=false close=4');
    expect(pages['report.html']).toContain("default-src 'none'; img-src data:;");
  });

  it('leave what comes below them in sight: of those that did well only the first are unfolded', () => {
    const tiled: Tiled[] = Array.from({ length: 22 }, (_, i) => ({
      ...{ modality: 'WSI', tissue: true },
      images: [i < 3 ? slide(`bad${i}`, { outcome: 'empty', rows: 0 }) : slide(`ok${i}`)],
      sheet: () => new Uint8Array(8),
    }));
    const { markup } = sectionOf(tiled);
    const [before = '', folded = ''] = markup.split('<summary>4 more of WSI</summary>');
    expect([before, folded].map((part) => part.match(/<figure/g)?.length)).toEqual([18, 4]);
  });

  it('have a section only when something was tiled', async () => {
    const page = (await reported())['report.html'] ?? '';
    expect(page).not.toContain('Slides and cores');
    expect(page).not.toContain('Heatmaps');
    expect(page).not.toContain('class="warning"');
  });

  it('are named when their size of a pixel is the default', async () => {
    const guessed = (id: string): TiledImage => {
      const image = slide(id);
      return {
        ...image,
        image: image.image && { ...image.image, mpp: { x: 0.5, y: 0.5, source: 'tile.defaultMpp' } },
      };
    };
    const tile = [slide('told'), guessed('g1'), guessed('g2')].map((image) => slideArtifact(image));
    const shown = textOf(section((await reported({ tile }))['report.html'], 'Slides and cores'));
    expect(shown).toContain('2 slides do not say the size of a pixel, so tile.defaultMpp was taken: g1, g2.');
    expect(shown).toContain('tile.defaultMpp 2, Aperio MPP 1');
  });

  it('fail the report when a picture is lost that must be there', async () => {
    await expect(reported({ tile: [slideArtifact(slide('gone'), null)] })).rejects.toThrow('sheet.jpg');
  });

  it('are as many as fit into a page of 10 MB', () => {
    const many = (outcome: TiledImage['outcome'], number: number, bytes: number): Tiled[] =>
      Array.from({ length: number }, (_, i) => ({
        ...{ modality: 'WSI', tissue: true },
        images: [slide(`${outcome}${i}`, { outcome, rows: outcome === 'ok' ? 10 : 0 })],
        sheet: () => new Uint8Array(bytes),
      }));
    const shown = (tiled: readonly Tiled[]): string => html`${sectionOf(tiled)}`.markup;

    const cores: Tiled[] = many('ok', 300, 10_000).map((one) => ({ ...one, modality: 'TMA', tissue: false }));
    const usual = shown([...cores, ...many('ok', 700, 10_000), ...many('failed', 30, 10_000)]);
    expect(usual.match(/<img/g)).toHaveLength(430);
    expect(usual).toContain('600 of the 1030 pictures are not in this page');
    expect(usual.length).toBeLessThan(7e6);

    const large = shown([...many('ok', 300, 1e5), ...many('failed', 10, 1e5)]);
    expect(large.length).toBeLessThan(1e7);
    expect(large.match(/class="failed"/g)).toHaveLength(10);
    expect(large.match(/<img/g)?.length).toBeGreaterThan(40);
  });
});

it('images of an own cohort have no cores and no stains', () => {
  const own = resolvedConfig({
    data: { layout: 'own', modalities: { Scans: { kind: 'bag', images: '*.png' } } },
  });
  const tiled: Tiled[] = [
    { modality: 'Scans', tissue: false, images: [slide('a'), slide('b')], sheet: () => new Uint8Array(8) },
  ];
  const shown = textOf(sectionOf(tiled, own).markup);
  expect(shown).toContain('Images');
  expect(shown).toContain('2 images,');
  expect(shown).not.toMatch(/core|stain/i);
});

describe('cores in the report', () => {
  const core = (id: string, more: Partial<TiledImage> = {}): TiledImage =>
    tiledImage({ id, file: `tma/${id}.png`, source: 'CD3', segmentation: null, rows: 4, ...more });
  const unit = { modality: 'TMA', patient: '001' } as const;

  it('are one picture per patient, with the stains and what failed', async () => {
    const images = [
      core('a'),
      core('b', { source: 'HE' }),
      core('c', { source: 'CD8', outcome: 'failed', reason: 'it is torn', rows: 0 }),
    ];
    const page = (await reported({ tile: [tileArtifact(images, unit, 'cores')] }))['report.html'];
    const shown = section(page, 'Slides and cores');
    expect(textOf(shown)).toContain('Patient 001 failed: c: it is torn 3 cores, 8 tiles; CD3, HE');
    expect(shown).toContain(base64('cores'));
  });

  it('are counted by stain among the patients of the cohort that have cores', async () => {
    const embed = [
      embedArtifact(
        { ...unit, encoder: 'onnx' },
        [bag('001', 'CD3'), bag('001', 'HE', { rows: 0 })],
        'my UNI',
      ),
      embedArtifact({ ...unit, patient: '002', encoder: 'onnx' }, [bag('002', 'HE')], 'my UNI'),
      embedArtifact({ ...unit, patient: '999', encoder: 'onnx' }, [bag('999', 'HE')], 'my UNI'),
    ];
    const page = (await reported({ tile: [tileArtifact([core('a')], unit, 'cores')], embed }))['report.html'];
    const shown = textOf(section(page, 'Slides and cores'));
    expect(shown).toContain('Stains of the 2 patients with cores');
    expect(shown).toContain('CD3 1 1 002');
    expect(shown).toContain('HE 1 1 001');
    expect(shown).toContain('CD8 0 2 001, 002');
    expect(shown).toContain('my UNI');
    expect(page).toContain('TMA by my UNI (slide).');
  });
});

describe('the stand-in encoder', () => {
  const unit = { modality: 'WSI', file: 'wsi/a.svs' } as const;

  it('is warned of before any number, whoever ran it', async () => {
    for (const artifact of [
      embedArtifact({ ...unit, encoder: 'stand-in' }, [bag('001', 'primary')], 'anything'),
      embedArtifact(unit, [bag('001', 'primary')], 'stand-in (not a pathology model)'),
    ]) {
      const page = (await reported({ embed: [artifact] }))['report.html'] ?? '';
      const warning = page.indexOf('Not a result about patients.');
      expect(warning).toBeGreaterThan(0);
      expect(warning).toBeLessThan(page.indexOf('class="lead"'));
      expect(textOf(page)).toContain('The WSI features are of the stand-in encoder');
    }
  });

  it('is not seen in the features of a real one', async () => {
    const embed = [embedArtifact({ ...unit, encoder: 'onnx' }, [bag('001', 'primary')], 'uni.onnx')];
    expect((await reported({ embed }))['report.html']).not.toContain('Not a result about patients.');
  });
});

describe('heatmaps in the report', () => {
  const unit = { modality: 'WSI', file: 'wsi/a.svs', encoder: 'onnx' } as const;
  const artifact = `embed ${JSON.stringify(unit)}`;
  const ids = ['001', '002', '003'];
  const bags = ids.map((id, i) =>
    bag(id, 'primary', { start: 5 * i, coords: id === '003' ? null : { unit: 'px', side: 256 } }),
  );
  const invented = inventedCohort(count);
  const cohort = {
    ...invented,
    files: {
      ...invented.files,
      ...cohortArtifact(ids.map((id, i) => ({ id, y: i === 1 ? 1 : 0, followUpDays: null }))).files,
    },
  };
  const segments = Object.fromEntries(ids.map((id, i) => [id, [{ artifact, start: 5 * i, rows: 5 }]]));
  const split = {
    id: 'split',
    unit: {},
    files: {
      'splits.json': {
        folds: [
          { train: ['001'], val: [], test: ['003', '002'] },
          { train: [], val: [], test: ['001'] },
        ],
        hash: 'abc',
      },
    },
  };

  it('are linked, not embedded, where the run directory has a picture', async () => {
    const embed = [embedArtifact(unit, bags, 'uni.onnx')];
    const linked = async (config: object, more: object = {}): Promise<(string | undefined)[]> => {
      const bagsOf = [bagsArtifact('WSI', 4, segments)];
      const pages = await reported({ cohort, split: [split], embed, bags: bagsOf, config, ...more });
      return [...(pages['report.html'] ?? '').matchAll(/href="([^"]*)"/g)].map(([, path]) => path);
    };
    expect(await linked({})).toEqual(['heatmaps/WSI/002.png', 'heatmaps/WSI/001.png']);
    expect(await linked({ cv: { folds: 3, mode: 'fixedTest' } })).toEqual([
      'heatmaps/WSI/002-fold0.png',
      'heatmaps/WSI/001-fold1.png',
    ]);
    expect(await linked({}, { stage1: [] })).toEqual([]);
  });
});
