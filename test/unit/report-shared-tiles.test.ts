import { describe, expect, it } from 'vitest';
import type { BagIndex } from '../../src/operators/features/bag-index.js';
import type { TiledImage } from '../../src/operators/tiling/tiles-data.js';
import type { Unit } from '../../src/pipeline/stage.js';
import { tiledImage } from '../support/heatmap-case.js';
import { reported } from '../support/invented-report.js';
import type { InputArtifact } from '../support/invented-results.js';

/** How many tiles each slide has. -1 for a slide that cannot be read. */
type Slides = Readonly<Record<string, number>>;

const imageOf = (name: string, rows: number): TiledImage =>
  tiledImage({
    ...{ id: name, file: `${name}.svs`, rows: Math.max(rows, 0) },
    ...(rows > 0 ? {} : { outcome: rows < 0 ? 'failed' : 'empty', reason: 'a reason' }),
  });
const unitOf = (modality: string, name: string): Unit => ({
  modality,
  file: `${name}.svs`,
  tiling: 'tissue',
});

const tiled = (modality: string, slides: Slides, more: Unit = {}): InputArtifact[] =>
  Object.entries(slides).map(([name, rows]) => ({
    id: `tile ${modality} ${name}`,
    unit: { ...unitOf(modality, name), ...more },
    files: { 'tiles.json': { images: [imageOf(name, rows)] }, 'sheet.jpg': new Uint8Array(8) },
  }));
const encoded = (modality: string, slides: Slides, more: Unit = {}): InputArtifact[] =>
  Object.entries(slides).map(([name, rows]) => {
    const bag = { patient: name, source: 'primary', image: name, start: 0, rows, coords: null, mpp: null };
    const index: BagIndex = {
      ...{ dialect: 'slide', encoder: `${modality}.onnx`, precision: 'float32', width: 4 },
      bags: rows > 0 ? [bag] : [],
    };
    const unit = { ...unitOf(modality, name), encoder: 'onnx', ownEncoder: true, ...more } as const;
    return { id: `embed ${modality} ${name}`, unit, files: { 'bags.json': index } };
  });

/** The rows of the table and the sentences about shared tiles, without markup. */
async function shownOf(tile: readonly InputArtifact[], embed: readonly InputArtifact[]) {
  const page = (await reported({ tile, embed }))['report.html'] ?? '';
  const textOf = (markup = ''): string =>
    markup
      .replaceAll(/<[^>]*>/g, ' ')
      .replaceAll(/\s+/g, ' ')
      .trim();
  const [, section = ''] = page.split('<h2>Slides and cores</h2>');
  const [table = '', rest = ''] = section.split('</table>');
  const rows = [...table.matchAll(/<tr>\s*<th scope="row">[^]*?<\/tr>/g)].map(([row]) => textOf(row));
  const sentences = [...rest.matchAll(/<p>[^]*?<\/p>/g)].map(([text]) => textOf(text));
  return { rows, sentences: sentences.filter((text) => text.includes('uses the tiles of')) };
}

describe('modalities that share tiles', () => {
  it('are counted with all images that they encode, their own and the shared ones', async () => {
    const primary: Slides = { a: 10, b: 20, torn: -1, blank: 0 };
    const others: Slides = { c: 3 };
    const { rows, sentences } = await shownOf(
      [...tiled('A', primary), ...tiled('B', others)],
      [...encoded('A', primary), ...encoded('B', { ...primary, ...others })],
    );
    expect(rows).toEqual(['A 4 2 1 1 30 Aperio MPP 4 A.onnx', 'B 5 3 1 1 33 Aperio MPP 5 B.onnx']);
    expect(sentences).toEqual([
      'B uses the tiles of A for 4 of its 5 images. The pictures of these tiles are with A.',
    ]);
  });

  it('are counted without a tile job of their own', async () => {
    const { rows, sentences } = await shownOf(tiled('A', { a: 10, b: 20 }), [
      ...encoded('A', { a: 10, b: 20 }),
      ...encoded('B', { a: 10, b: 20 }, { preset: 'uni' }),
      ...encoded('C', { b: 20 }),
    ]);
    expect(rows).toEqual([
      'A 2 2 0 0 30 Aperio MPP 2 A.onnx',
      'B 2 2 0 0 30 Aperio MPP 2 B.onnx',
      'C 1 1 0 0 20 Aperio MPP 1 C.onnx',
    ]);
    expect(sentences).toEqual([
      'B uses the tiles of A for 2 of its 2 images. The pictures of these tiles are with A.',
      'C uses the tiles of A for 1 of its 1 image. The pictures of these tiles are with A.',
    ]);
  });

  it('are told apart by their number if two modalities tile the same slide in their own way', async () => {
    const { rows } = await shownOf(
      [...tiled('A', { a: 10 }), ...tiled('B', { a: 7 })],
      [...encoded('A', { a: 10 }), ...encoded('B', { a: 7 }), ...encoded('C', { a: 7 })],
    );
    expect(rows.map((row) => row.split(' ').slice(0, 6).join(' '))).toEqual([
      'A 1 1 0 0 10',
      'B 1 1 0 0 7',
      'C 1 1 0 0 7',
    ]);
  });

  it('are not those with other facts about a slide, or with features as files', async () => {
    const { rows, sentences } = await shownOf(
      [...tiled('A', { a: 10 }), ...tiled('B', { a: 7 }, { mpp: 0.5 })],
      [
        ...encoded('A', { a: 10 }),
        ...encoded('B', { a: 7 }, { mpp: 0.5 }),
        ...encoded('C', { a: 4 }).map((one) => ({ ...one, unit: unitOf('C', 'a') })),
      ],
    );
    expect(rows).toHaveLength(2);
    expect(sentences).toEqual([]);
  });
});
