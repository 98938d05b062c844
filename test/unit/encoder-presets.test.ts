import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scaleWarnings } from '../../src/operators/encoders/preset-scale.js';
import type { EncodableImage } from '../../src/operators/encoders/tiled-images.js';
import {
  encoderPreset,
  encoderPresetNames,
  type EncoderPreset,
} from '../../src/pipeline/core/encoder-presets.js';
import { loadConfig } from '../../src/pipeline/config/load.js';
import { configOfNew } from '../../src/pipeline/bundles/new-patients.js';
import { configYaml } from '../../src/pipeline/config/print.js';
import { buildBagGraph } from '../../src/pipeline/bag-jobs.js';
import { stages } from '../../src/pipeline/stages.js';
import { resolvedConfig } from '../support/resolved-config.js';

const text = `
name: demo
methods: [haf]
data:
  layout: own
  outcome: { file: y.csv, event: { column: y, positive: ['1'], negative: ['0'] } }
  modalities:
    Clin: { kind: table, file: clinical.csv, others: numeric }
    MRI: { kind: bag, files: 'mri/*.h5' }
    WSI: { kind: bag, slides: 'slides/*.svs' }
embed: { encoder: { onnx: model.onnx } }
`;
const load = (...set: readonly string[]) => loadConfig({ text, set });
const named = (preset: string): string => `embed.encoder.preset=${preset}`;
const widthOf = ({ config }: ReturnType<typeof load>, id: string): unknown =>
  (config.data.modalities[id] as { readonly width?: number }).width;

describe('the table of presets', () => {
  // The widths are copied by hand from the table of encoders in TRIDENT's README, the input sizes from TRIDENT's code.
  const published: Readonly<Record<string, readonly [width: number, input: number]>> = {
    uni: [1024, 224],
    'uni2-h': [1536, 224],
    conch: [512, 448],
    conch1_5: [768, 448],
    virchow2: [2560, 224],
    gigapath: [1536, 224],
    'h-optimus-1': [1536, 224],
    'phikon-v2': [1024, 224],
    ctranspath: [768, 224],
    resnet50: [1024, 224],
  };

  it('has each encoder once', () => {
    expect([...encoderPresetNames].sort()).toEqual(Object.keys(published).sort());
    expect(new Set(encoderPresetNames.map((name) => encoderPreset(name).page)).size).toBe(
      encoderPresetNames.length,
    );
  });

  it.each(encoderPresetNames)('has numbers that can be, and those that are published: %s', (name) => {
    const { inputSize, tileSize, mpp, width, mean, std, page, licence } = encoderPreset(name);
    expect([width, inputSize]).toEqual(published[name]);
    for (const size of [inputSize, width, tileSize ?? 1])
      expect(Number.isInteger(size) && size > 0).toBe(true);
    expect(mpp ?? 1).toBeGreaterThan(0);
    for (const share of [...mean, ...std]) expect(share > 0 && share < 1).toBe(true);
    expect(page).toMatch(/^https:\/\/[^ ]+$/);
    expect(licence).not.toBe('');
  });

  it('stands in docs/encoders.md (update with HAF_WRITE_DOCS=1)', () => {
    const file = resolve(import.meta.dirname, '../../docs/encoders.md');
    const page = readFileSync(file, 'utf8');
    const between = /(<!-- presets -->\n)[^]*?(<!-- \/presets -->)/;
    const table = page.replace(between, (_, before: string, after: string) => before + tableText() + after);
    if (process.env['HAF_WRITE_DOCS'] === '1') writeFileSync(file, table);
    expect(page).toMatch(between);
    expect(page).toBe(table);
  });
});

/** The Markdown table of presets in docs/encoders.md. */
function tableText(): string {
  const cell = (value: string | number | null): string => (value === null ? 'not stated' : String(value));
  const row = (name: (typeof encoderPresetNames)[number]): string => {
    const preset: EncoderPreset = encoderPreset(name);
    const { inputSize, tileSize, mpp, width, mean, std, interpolation, licence, page, note } = preset;
    const statistics = `${mean.join(' ')}; ${std.join(' ')}`;
    const cells = [inputSize, tileSize, mpp, width, statistics, interpolation, `${licence}, [page](${page})`];
    return `| \`${name}\` | ${[...cells.map(cell), note ?? ''].join(' | ')} |\n`;
  };
  return [
    '\n| preset | input px | tile px | um per px | width | mean; std | interpolation | licence, weights | note |\n',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n',
    ...encoderPresetNames.map(row),
    '\n',
  ].join('');
}

describe('an experiment with a preset', () => {
  it.each(encoderPresetNames)('takes its values: %s', (name) => {
    const loaded = load(named(name));
    const { tile, embed } = loaded.config;
    const preset = encoderPreset(name);
    const size = preset.tileSize ?? 256;
    expect(tile).toMatchObject({ targetSize: preset.inputSize, size, step: size, mpp: preset.mpp });
    const { mean, std } = preset;
    const interpolation = preset.interpolation ?? 'bicubic';
    expect(embed.encoder).toMatchObject({ preset: name, mean, std, interpolation });
    expect(widthOf(loaded, 'WSI')).toBe(preset.width);
    // MRI is read from feature files, so the preset does not change its width. The experiment lists no
    // modalities, so it uses all declared ones in their order.
    expect(widthOf(loaded, 'MRI')).toBe(1024);
    expect(loaded.config.modalities).toEqual(['Clin', 'MRI', 'WSI']);
    expect(loaded.warnings.filter((warning) => warning.includes('preset'))).toEqual([]);
    expect(loadConfig({ text: configYaml(loaded.config) }).config).toEqual(loaded.config);
  });

  it('keeps what it sets itself, null included, and says so with both values', () => {
    const loaded = load(
      ...[named('conch'), 'embed.encoder.interpolation=bilinear', 'embed.encoder.mean=[0.5,0.5,0.5]'],
      ...['tile.mpp=null', 'tile.targetSize=224', 'tile.step=256', 'data.modalities.WSI.width=768'],
    );
    expect(loaded.config.embed.encoder).toMatchObject({
      ...{ interpolation: 'bilinear', mean: [0.5, 0.5, 0.5], std: [0.229, 0.224, 0.225] },
    });
    expect(loaded.config.tile).toMatchObject({ mpp: null, targetSize: 224, size: 512, step: 256 });
    expect(widthOf(loaded, 'WSI')).toBe(768);
    const used = ', and this value is used. The preset conch says';
    expect(loaded.warnings.filter((warning) => warning.includes('preset'))).toEqual([
      `tile.targetSize: the experiment sets 224${used} 448.`,
      `tile.mpp: the experiment sets null (tiles of tile.level 0)${used} 0.5.`,
      `embed.encoder.mean: the experiment sets [0.5,0.5,0.5]${used} [0.485,0.456,0.406].`,
      `embed.encoder.interpolation: the experiment sets "bilinear"${used} "bicubic".`,
      `data.modalities.WSI.width: the experiment sets 768${used} 512.`,
    ]);
  });

  it('sets no stride beside a size, and no resolution beside a level, of the experiment', () => {
    const sized = load(named('conch'), 'tile.size=256');
    expect(sized.config.tile).toMatchObject({ size: 256, step: 256, mpp: 0.5, targetSize: 448 });
    const levelled = load(named('virchow2'), 'tile.level=1');
    expect(levelled.config.tile).toMatchObject({ level: 1, mpp: null, size: 224, step: 224 });
    expect(levelled.warnings.filter((warning) => warning.includes('preset'))).toEqual([
      'tile.mpp: the experiment sets null (tiles of tile.level 1), and this value is used. The preset virchow2 says 0.5.',
    ]);
  });

  it('sets the width of files of the command line, which the experiment does not know', () => {
    const options = { text: 'name: embed\n', set: [named('uni2-h'), 'embed.encoder.onnx=m.onnx'] };
    const loaded = loadConfig({ ...options, filesGiven: true });
    expect(widthOf(loaded, 'WSI')).toBe(1536);
    expect(loaded.warnings).toEqual([]);
    // Without `slides`, the feature files of HANCOCK are read, and no model is needed.
    const features = loadConfig(options);
    expect(widthOf(features, 'WSI')).toBe(1024);
    expect(features.warnings).toEqual([
      'embed.encoder.preset (uni2-h) changes nothing: no modality is made of images.',
    ]);
  });

  it('is refused without a model, with the page of its weights, and beside the stand-in', () => {
    expect(() => load(named('virchow2'), 'embed.encoder.onnx=null')).toThrow(
      /set embed\.encoder\.onnx to the file of virchow2; ask for its weights at https:\/\/huggingface\.co\/paige-ai\/Virchow2/,
    );
    const standIn = [named('uni'), 'embed.encoder.onnx=null', 'embed.encoder.standIn=true'];
    expect(() => load(...standIn)).toThrow(/embed\.encoder\.preset: describes a model/);
    expect(() => load(named('resnet18'))).toThrow(/embed\.encoder\.preset/);
  });
});

describe('new patients of a model with a preset', () => {
  const bundle = { modalities: [{ id: 'WSI' }] } as unknown as Parameters<typeof configOfNew>[0];
  const defaults = loadConfig({ text: 'name: defaults\n' }).config;
  const ofNew = (trained: string, given: readonly string[]) =>
    configOfNew(bundle, load(named(trained)).config, load(...given).config, defaults);

  it('are encoded with the preset of the training, which their file need not name', () => {
    for (const given of [[], [named('gigapath')]]) {
      const { embed, tile } = ofNew('gigapath', given);
      expect(embed.encoder).toMatchObject({ preset: 'gigapath', interpolation: 'bicubic' });
      expect(tile).toMatchObject({ size: 224, mpp: 0.5 });
    }
  });

  it('are refused with another one, although tiles and width are the same', () => {
    expect(() => ofNew('gigapath', [named('h-optimus-1')])).toThrow(
      expect.objectContaining({
        code: 'HAF_BUNDLE_UNFIT',
        what: 'The cohort file sets embed.encoder.preset to "h-optimus-1", the model was trained with "gigapath".',
      }),
    );
  });
});

describe('the recipe of an embedding', () => {
  const bags = [{ modality: 'WSI', kind: 'images' as const, unit: { modality: 'WSI', file: 'a.svs' } }];
  const unitOf = (...set: readonly string[]) => {
    const files = { bags: bags.map((bag) => ({ ...bag, sources: [] })), encoder: [] } as never;
    return buildBagGraph(load(...set).config, files, 'embed').at(-1)?.unit ?? {};
  };

  it('names the preset where there is one, and is as it was where there is none', () => {
    expect(unitOf()).toEqual({ modality: 'WSI', file: 'a.svs', encoder: 'onnx' });
    expect(unitOf(named('uni'))).toEqual({ ...unitOf(), preset: 'uni' });
    expect(stages.embed.reads(unitOf())).not.toContain('embed.encoder.preset');
    expect(stages.embed.reads(unitOf())).not.toContain('embed.encoder');
  });
});

describe('the resolution of tiles', () => {
  const image = (mpp: number | null, sizePx = 256) =>
    ({ file: 'a.svs', patient: '7', tile: { mpp, sizePx } }) as EncodableImage;
  const warned = (images: readonly EncodableImage[], preset: 'uni' | 'h-optimus-1' | 'resnet50' | null) =>
    scaleWarnings(images, { unit: preset === null ? {} : { preset }, config: resolvedConfig() });

  it('is warned of where the model sees another one than the preset says', () => {
    const [problem, ...others] = warned([image(0.25), image(0.5)], 'uni');
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ severity: 'warning', stage: 'embed', file: 'a.svs', patient: '7' });
    // Micrometres per pixel after 256 px are scaled to 224 px: 0.25 * 256 / 224 = 0.2857, 0.5 * 256 / 224 = 0.5714.
    expect(problem?.reason).toBe(
      'its tiles have 256 px at 0.25 um per pixel; scaled to the 224 px that the model takes: 0.286 um per pixel. ' +
        'The preset uni expects 256 px at 0.5 um per pixel; scaled to 224 px: 0.571 um per pixel.',
    );
    // The preset expects tiles of 224 px. Tiles of 256 px that are scaled to 224 px are 14 % coarser.
    expect(warned([image(0.5)], 'h-optimus-1')).toHaveLength(1);
    expect(warned([image(0.5, 224)], 'h-optimus-1')).toEqual([]);
  });

  it('may differ as scanners do, and is no matter where it is not known or stated', () => {
    expect(warned([image(0.46), image(0.548)], 'uni')).toEqual([]);
    expect(warned([image(0.44), image(0.56)], 'uni')).toHaveLength(2);
    expect(warned([image(null)], 'uni')).toEqual([]);
    expect(warned([image(0.25)], 'resnet50')).toEqual([]);
    expect(warned([image(0.25)], null)).toEqual([]);
  });
});
