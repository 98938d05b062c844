import { describe, expect, it } from 'vitest';
import { probeSlide } from '../../src/operators/slides/probe-slide.js';
import { described, omeXml, type Scene, square } from '../support/ome-scenes.js';
import { openClosed as openSlide } from '../support/open-slides.js';
import {
  madeFile,
  type MadeImage,
  type MadeTag,
  madeTiff,
  rgbPage,
  type TiffLayout,
} from '../support/tiff-file.js';
import { tileSlideFile } from '../support/tile-images.js';

const [violet, green, grey] = [
  [150, 80, 160],
  [80, 160, 80],
  [90, 90, 90],
] as const;
const reduced: MadeTag = [254, 4, [1]];

function written(images: readonly MadeImage[], layout: TiffLayout = {}, name = '001.ome.tif'): string {
  return madeFile(name, madeTiff(images.map(rgbPage), layout));
}

const infoOf = async (path: string) => (await openSlide(path)).info;
const reasons = ({ warnings }: Awaited<ReturnType<typeof infoOf>>): readonly string[] =>
  warnings.map(({ reason }) => reason);

async function colourAt(path: string, level: number): Promise<readonly number[]> {
  return [...(await (await openSlide(path)).read(level, { x: 1, y: 1, width: 1, height: 1 }))];
}

describe('scenes of an OME-TIFF', () => {
  const first = { width: 256, height: 192, colour: violet };
  const half = { width: 128, height: 96, colour: green };
  const xml = omeXml([
    { ...first, ifd: 0, size: square('0.5') },
    { ...half, name: 'scene 1', ifd: 1, size: square('0.5') },
  ]);

  it.each<readonly [string, TiffLayout]>([
    ['TIFF', {}],
    ['TIFF of Motorola', { motorola: true }],
    ['BigTIFF', { big: true }],
    ['BigTIFF of Motorola', { big: true, motorola: true }],
  ])('a second one of half the size is no level: %s', async (_, layout) => {
    const info = await infoOf(written([{ ...first, tags: [described(xml)] }, half], layout));
    expect(info.levels).toEqual([{ width: 256, height: 192, downsample: 1 }]);
    expect(reasons(info)).toEqual(['it holds another image that is not read: 128 x 96 pixels ("scene 1")']);
  });

  it('levels in SubIFDs are those of the scene that is read', async () => {
    const small = (colour: typeof violet | typeof green): MadeImage => ({ width: 128, height: 96, colour });
    const path = written([
      { width: 250, height: 190, colour: green, tags: [described(xml)], children: [rgbPage(small(green))] },
      { ...first, children: [rgbPage(small(violet))] },
    ]);
    expect((await infoOf(path)).levels.map(({ width }) => width)).toEqual([256, 128]);
    expect(await colourAt(path, 1)).toEqual([...violet]);
  });

  it('reduced pages of the chain belong to the image before them', async () => {
    const quarter = { width: 64, height: 48, tags: [reduced] };
    const path = written([
      {
        ...first,
        tags: [
          described(
            omeXml([
              { ...first, ifd: 0 },
              { width: 250, height: 190, ifd: 2 },
            ]),
          ),
        ],
      },
      { ...quarter, colour: violet },
      { width: 250, height: 190, colour: green },
      { width: 128, height: 96, colour: green, tags: [reduced] },
    ]);
    const info = await infoOf(path);
    expect(info.levels.map(({ width }) => width)).toEqual([256, 64]);
    expect(reasons(info)).toEqual(['it holds another image that is not read: 250 x 190 pixels']);
  });

  it('inspect and the tile stage say so in the same words', async () => {
    const path = written([{ ...first, tags: [described(xml)] }, half]);
    const probe = await probeSlide(path);
    if (!probe.readable) throw new Error(probe.reason);
    const { problems } = await tileSlideFile(path);
    expect(problems).toContainEqual(
      expect.objectContaining({ severity: 'warning', reason: reasons(probe.info)[0] }),
    );
  });
});

describe('a TIFF of no vendor', () => {
  const base = { width: 256, height: 192, colour: violet };
  const half = { width: 128, height: 96 };

  it('has the pages as levels that are said to be reduced, in any order', async () => {
    const path = written([{ ...half, colour: violet, tags: [reduced] }, base], {}, '001.tif');
    expect((await infoOf(path)).levels).toHaveLength(2);
  });

  it('an image of half the size that is not said to be reduced is another image', async () => {
    const info = await infoOf(written([base, { ...half, colour: green }], {}, '001.tif'));
    expect(info.levels).toHaveLength(1);
    expect(reasons(info)).toEqual(['it holds another image that is not read: 128 x 96 pixels']);
  });
});

describe('an overview that comes first', () => {
  const macro = { width: 100, height: 140, colour: grey };
  const slide = { width: 256, height: 192, colour: violet };
  const of = (scenes: readonly Scene[], before = '', after = ''): string =>
    written([{ ...macro, tags: [described(omeXml(scenes, before, after))] }, slide]);

  it.each<readonly [string, readonly Scene[]]>([
    [
      'without a size',
      [
        { ...macro, ifd: 0 },
        { ...slide, ifd: 1, size: square('0.25') },
      ],
    ],
    [
      'of 40 um',
      [
        { ...macro, ifd: 0, size: square('40') },
        { ...slide, ifd: 1, size: square('0.25') },
      ],
    ],
    [
      'listed last',
      [
        { ...slide, ifd: 1, size: square('0.25') },
        { ...macro, ifd: 0, size: square('8') },
      ],
    ],
    [
      'without TiffData',
      [
        { ...macro, size: square('8') },
        { ...slide, size: square('0.25') },
      ],
    ],
  ])('the size is that of the image that is read: %s', async (_, scenes) => {
    const info = await infoOf(of(scenes));
    expect(info).toMatchObject({ mpp: { x: 0.25, y: 0.25 }, mppSaid: null, levels: [{ width: 256 }] });
  });

  it('is a note, not a warning, when its name says what it is', async () => {
    const info = await infoOf(
      of([
        { ...macro, name: 'macro image', ifd: 0 },
        { ...slide, ifd: 1, size: square('0.25') },
      ]),
    );
    expect(info.notes).toEqual(['it holds an overview that is not read: 100 x 140 pixels ("macro image")']);
    expect(info.warnings).toEqual([]);
  });

  it('the objective is that of the image', async () => {
    const lenses =
      '<Instrument><Objective ID="O:0" NominalMagnification="1.25"/><Objective ID="O:1" NominalMagnification="40"/></Instrument>';
    const scenes = [
      { ...macro, ifd: 0, more: '<ObjectiveSettings ID="O:0"/>' },
      { ...slide, ifd: 1, more: '<ObjectiveSettings ID="O:1"/>', size: square('0.25') },
    ];
    expect((await infoOf(of(scenes, lenses))).magnification).toBe(40);
  });

  it('annotations of other programs are not images', async () => {
    const after = `<StructuredAnnotations><XMLAnnotation><Value><Image><Pixels SizeX="256" SizeY="192" ${square('9')}/></Image></Value></XMLAnnotation></StructuredAnnotations>`;
    const info = await infoOf(
      of(
        [
          { ...macro, ifd: 0 },
          { ...slide, ifd: 1, size: square('0.25') },
        ],
        '',
        after,
      ),
    );
    expect(info.mpp?.x).toBe(0.25);
  });

  it('two images of one size that name no directory are not told apart, and that is said', async () => {
    const twins = [
      { ...slide, size: square('0.25') },
      { ...slide, size: square('0.5') },
    ];
    const info = await infoOf(written([{ ...slide, tags: [described(omeXml(twins))] }, slide]));
    expect(info.mpp).toBeNull();
    expect(info.mppSaid).toMatch(/which of its 2 images/);
  });
});
