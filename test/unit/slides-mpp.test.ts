import { describe, expect, it } from 'vitest';
import { probeSlide } from '../../src/operators/slides/probe-slide.js';
import { saidSize } from '../../src/operators/slides/said-size.js';
import { xmlTags } from '../../src/operators/slides/xml-tags.js';
import { openClosed as openSlide } from '../support/open-slides.js';
import { madeFile, type MadeTag, madeTiff, rgbPage, textValue } from '../support/tiff-file.js';
import { tileSlideFile } from '../support/tile-images.js';

/** A slide with this ImageDescription. `resolution` has XResolution, YResolution and ResolutionUnit. */
function slideOf(
  description: Buffer | string,
  resolution: readonly [number, number, number] | null = null,
): string {
  const text = typeof description === 'string' ? textValue(description) : description;
  const tags: MadeTag[] = [[270, 2, text]];
  if (resolution !== null)
    tags.push([282, 5, [resolution[0]]], [283, 5, [resolution[1]]], [296, 3, [resolution[2]]]);
  return madeFile('001.tif', madeTiff([rgbPage({ width: 64, height: 64, colour: [150, 80, 160], tags })]));
}

const ome = (attributes: string): string =>
  `<OME><Image><Pixels SizeX="64" SizeY="64" ${attributes}><TiffData/></Pixels></Image></OME>`;
const both = (value: string, unit?: string): string =>
  ome(
    ['X', 'Y']
      .map(
        (axis) =>
          `PhysicalSize${axis}="${value}"${unit === undefined ? '' : ` PhysicalSize${axis}Unit="${unit}"`}`,
      )
      .join(' '),
  );

const infoOf = async (path: string) => (await openSlide(path)).info;

describe('a size of a pixel that is understood', () => {
  it.each<readonly [string, string]>([
    ['a decimal comma', 'Aperio|AppMag = 20|MPP = 0,5000'],
    ['no blanks', 'Aperio|MPP=0.5'],
    ['a unit behind it', 'Aperio|MPP = 0.5 um'],
    ['small letters', 'Aperio|mpp = 5e-1'],
    ['no unit', both('0.5')],
    ['an empty unit', both('0.5', '')],
    ['a comma', both('0,5', 'um')],
    ['single quotes', both('0.5', 'um').replaceAll('"', "'")],
    ['the micro sign', both('0.5', '\u00b5m')],
    ['the Greek letter', both('0.5', '\u03bcm')],
    ['as a number in decimal', both('0.5', '&#956;m')],
    ['as a number in hexadecimal', both('0.5', '&#xB5;m')],
    ['as a name of HTML', both('0.5', '&micro;m')],
    ['UTF-8 that was read as Latin-1', both('0.5', '\u00c2\u00b5m')],
    ['micron', both('0.5', 'micron')],
    ['Micrometers', both('0.5', 'Micrometers')],
    ['nm', both('500', 'nm')],
    ['mm', both('0.0005', 'mm')],
    ['cm', both('5E-5', 'cm')],
    ['inches', both(`${0.5 / 25_400}`, 'inch')],
    ['a prefix of XML', both('0.5').replaceAll(/<(\/?)(\w)/g, '<$1ome:$2')],
  ])('%s', async (_, description) => {
    const { mpp, mppSaid } = await infoOf(slideOf(description));
    expect(mpp?.x).toBeCloseTo(0.5, 9);
    expect(mpp?.y).toBeCloseTo(0.5, 9);
    expect(mppSaid).toBeNull();
  });

  it('a micro sign in Latin-1', async () => {
    const { mpp } = await infoOf(slideOf(textValue(both('0.5', '\u00b5m'), 'latin1')));
    expect(mpp?.x).toBe(0.5);
  });

  it.each<readonly [string, string, readonly [number, number, number]]>([
    ['micron', 'micron', [2, 2, 1]],
    ['um', 'um', [2, 2, 1]],
    ['the micro sign as ImageJ escapes it', '\\u00B5m', [2, 2, 1]],
    ['mm', 'mm', [2000, 2000, 1]],
    ['cm', 'cm', [20_000, 20_000, 3]],
    ['inch', 'inch', [50_800, 50_800, 2]],
    ['a unit that contradicts ResolutionUnit', 'micron', [2, 2, 3]],
  ])('ImageJ: %s', async (_, unit, resolution) => {
    const { mpp } = await infoOf(slideOf(`ImageJ=1.53t\nunit=${unit}\nloop=false\n`, resolution));
    expect(mpp).toMatchObject({ x: expect.closeTo(0.5, 6) as number, source: 'ImageJ unit' });
  });

  it('ImageJ in pixels says nothing', async () => {
    expect(await infoOf(slideOf('ImageJ=1.53t\nunit=pixel\n', [2, 2, 1]))).toMatchObject({
      mpp: null,
      mppSaid: null,
    });
  });
});

describe('a size of a pixel that is not understood is quoted', () => {
  it.each<readonly [string, string, string]>([
    ['a lost micro sign', both('0.5', '?m'), 'PhysicalSizeX="0.5" PhysicalSizeXUnit="?m"'],
    ['a mega metre', both('0.5', 'Mm'), 'PhysicalSizeXUnit="Mm"'],
    ['pixels', both('1', 'pixel'), 'PhysicalSizeXUnit="pixel"'],
    ['no microscope', both('40'), 'PhysicalSizeX="40"'],
    ['words', 'Aperio|MPP = about a half|X', 'MPP = about a half'],
    ['zero', 'Aperio|MPP = 0', 'MPP = 0'],
    ['x alone', ome('PhysicalSizeX="0.5"'), 'PhysicalSizeY=""'],
    ['ImageJ in furlongs', 'ImageJ=1\nunit=furlong\n', 'unit=furlong'],
  ])('%s', async (_, description, quoted) => {
    const path = slideOf(description, [2, 2, 1]);
    const probe = await probeSlide(path);
    if (!probe.readable) throw new Error(probe.reason);
    expect(probe.info.mpp).toBeNull();
    expect(probe.info.warnings.map(({ reason }) => reason)).toEqual([expect.stringContaining(quoted)]);
  });

  it('the tile stage fails with the same words, and takes tile.defaultMpp or the slide table for it', async () => {
    const path = slideOf(both('0.5', '?m'));
    const set = { tissue: { preset: 'bypass' }, tile: { size: 32, step: 32, mpp: 0.5 } } as const;
    const failed = await tileSlideFile(path, set);
    expect(failed.problems.map(({ severity, reason }) => [severity, reason])).toEqual([
      ['failure', expect.stringMatching(/not understood.*"\?m".*tile\.mpp needs that/) as string],
    ]);
    const given = await tileSlideFile(path, set, undefined, { mpp: 0.5 });
    expect(given.images[0]).toMatchObject({ outcome: 'ok', image: { mpp: { source: 'slide table' } } });
    expect(given.problems).toEqual([]);
    const byDefault = await tileSlideFile(path, { ...set, tile: { ...set.tile, defaultMpp: 0.5 } });
    expect(byDefault.problems.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('"?m"'),
      expect.stringMatching(/tile\.defaultMpp, 0\.5 um per pixel, was taken/),
    ]);
  });

  it.each<readonly [string, readonly [number, number, number]]>([
    ['a unit that nobody has defined', [2, 2, 7]],
    ['a size for one direction alone', [20_000, 72, 3]],
  ])('the tags of a TIFF: %s', async (_, resolution) => {
    expect(await infoOf(slideOf('a', resolution))).toMatchObject({
      mpp: null,
      mppSaid: `XResolution ${resolution[0]}, YResolution ${resolution[1]}, ResolutionUnit ${resolution[2]}`,
    });
  });

  it('an empty field says nothing', async () => {
    expect(await infoOf(slideOf('Aperio|AppMag = 40|MPP = |Left = 1'))).toMatchObject({
      mpp: null,
      mppSaid: null,
    });
  });

  it('the tags of the TIFF stand in, and that is said', async () => {
    const info = await infoOf(slideOf(both('0.5', '?m'), [20_000, 20_000, 3]));
    expect(info.mpp).toMatchObject({ x: 0.5, source: 'TIFF resolution' });
    expect(info.warnings[0]?.reason).toMatch(/"\?m".*TIFF resolution is used/);
  });
});

describe('pixels that are not square', () => {
  const flat = (x: string, y: string): string => slideOf(ome(`PhysicalSizeX="${x}" PhysicalSizeY="${y}"`));
  const set = { tissue: { preset: 'bypass' }, tile: { size: 32, step: 32, mpp: 0.5 } } as const;

  it.each(['0.5', null])('are refused with both sizes (tile.mpp %s)', async (mpp) => {
    const path = flat('0.25', '0.5');
    const probe = await probeSlide(path);
    if (!probe.readable) throw new Error(probe.reason);
    const [warning] = probe.info.warnings;
    expect(warning).toMatchObject({
      severity: 'failure',
      reason: expect.stringContaining('0.25 x 0.5 um') as string,
    });
    const tile = { ...set.tile, mpp: mpp === null ? null : Number(mpp) };
    const { images, problems } = await tileSlideFile(path, { ...set, tile });
    expect(images[0]).toMatchObject({ outcome: 'failed', rows: 0, reason: warning?.reason });
    expect(problems).toHaveLength(1);
  });

  it('are as the slide table says, if it does', async () => {
    const { images, problems } = await tileSlideFile(flat('0.25', '0.5'), set, undefined, { mpp: 0.5 });
    expect(images[0]?.outcome).toBe('ok');
    expect(problems).toEqual([]);
  });

  it('a few per cent are warned of, and tiles go by the mean', async () => {
    const { images, problems } = await tileSlideFile(flat('0.49', '0.51'), set);
    expect(images[0]).toMatchObject({ outcome: 'ok', tile: { level0Px: 32 } });
    expect(problems).toMatchObject([
      { severity: 'warning', reason: expect.stringMatching(/0\.49.*0\.51/) as string },
    ]);
  });

  it('less than one per cent is no matter', async () => {
    const { images, problems } = await tileSlideFile(flat('0.499', '0.501'), set);
    expect(images[0]).toMatchObject({ outcome: 'ok', tile: { level0Px: 32 } });
    expect(problems).toEqual([]);
  });
});

describe('words about a size', () => {
  it.each([
    ['0.25', 'um', 0.25],
    ['+250', 'nm', 0.25],
    [',25', 'um', 0.25],
    ['0.25um', '?', 0.25],
    [' 2.5e-4 mm ', 'um', 0.25],
  ])('%s %s', (text, unit, micrometres) => {
    expect(saidSize(text, unit, '')).toEqual({ micrometres: expect.closeTo(micrometres, 9) as number });
  });

  it.each(['', 'NaN', '1,234.5', '0.5 parsec', '--1'])('%s', (text) => {
    expect(saidSize(text, 'um', text)).toEqual({ quoted: text });
  });

  it('long and odd XML takes time by its length only', () => {
    const names = (xml: string): readonly string[] => [...xmlTags(xml)].map(({ name }) => name);
    expect(names('<a><!-- <b/> --><![CDATA[<c/>]]><?d?><e f="<g>"/></a><h')).toEqual(['a', 'e']);
    for (const odd of ['<', '<a ', '<"', '&#x', "<a b='", '<!--', '<![CDATA['])
      expect(names(odd.repeat(200_000)).length).toBeLessThanOrEqual(200_000);
  });
});
