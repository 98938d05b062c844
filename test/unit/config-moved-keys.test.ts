import { describe, expect, it } from 'vitest';
import { loadConfig, type LoadedConfig } from '../../src/pipeline/config/load.js';
import { HafError } from '../../src/pipeline/core/errors.js';

/** Loads an experiment that is given as an object. Its JSON text is valid YAML. */
const load = (experiment: object, set: readonly string[] = []): LoadedConfig =>
  loadConfig({ text: JSON.stringify({ name: 'demo', ...experiment }), set });

/** The problems of an experiment without their places; none when it is accepted. */
function problems(experiment: object, set: readonly string[] = []): readonly string[] {
  try {
    load(experiment, set);
  } catch (error) {
    if (!(error instanceof HafError)) throw error;
    return (error.context.problems as readonly string[]).map((text) =>
      text.replace(/^(experiment:\d+:\d+|--set \S+) /, ''),
    );
  }
  return [];
}

describe('keys of version 0.1', () => {
  it.each<[key: string, value: unknown, now: string]>([
    ['data.wsi.files', '*.h5', "data: { modalities: { WSI: { files: '*.h5' } } }"],
    ['data.wsi.width', 64, 'data: { modalities: { WSI: { width: 64 } } }'],
    ['data.wsi.slides', '*.svs', "data: { modalities: { WSI: { slides: '*.svs' } } }"],
    ['data.wsi.slideTable', 's.csv', "data: { modalities: { WSI: { slideTable: 's.csv' } } }"],
    ['data.wsi.sources', ['primary'], 'data: { modalities: { WSI: { sources: ["primary"] } } }'],
    ['data.tma.files', '*.npz', "data: { modalities: { TMA: { files: '*.npz' } } }"],
    ['data.tma.width', 256, 'data: { modalities: { TMA: { width: 256 } } }'],
    ['data.tma.images', '*.png', "data: { modalities: { TMA: { images: '*.png' } } }"],
    ['data.tables.Clin', 'c.csv', "data: { modalities: { Clin: { file: 'c.csv' } } }"],
    ['data.tables.Blood', 'b.csv', "data: { modalities: { Blood: { file: 'b.csv' } } }"],
    ['data.targets', 't.csv', "data: { outcome: { file: 't.csv' } }"],
  ])('%s gives one problem, which shows the new spelling', (key, value, now) => {
    const path =
      /"(.*)"/
        .exec(`"${now}"`)?.[1]
        ?.match(/[A-Za-z]+(?=:)/g)
        ?.join('.') ?? '';
    const told = `${key}: is called ${path} now; write "${now}"`;
    const nested = key.split('.').reduceRight<unknown>((inner, step) => ({ [step]: inner }), value) as object;
    expect(problems(nested)).toEqual([told]);
    expect(problems({}, [`${key}=${JSON.stringify(value)}`])).toEqual([told]);
    // The new spelling that the message shows is accepted.
    const standIn = ['embed.encoder.standIn=true'];
    expect(loadConfig({ text: `{ name: demo, ${now} }`, set: standIn }).config.name).toBe('demo');
  });

  it('are all named at once, with their lines, beside other problems', () => {
    const text = 'name: demo\ndata:\n  wsi:\n    width: 64\n    slides: a\n  targets: t.csv\nseed: x\n';
    expect(() => loadConfig({ text })).toThrow(
      expect.objectContaining({
        context: {
          file: 'experiment',
          problems: [
            expect.stringMatching(
              /^experiment:4:5 data\.wsi\.width: is called data\.modalities\.WSI\.width now/,
            ),
            expect.stringMatching(
              /^experiment:5:5 data\.wsi\.slides: is called data\.modalities\.WSI\.slides now/,
            ),
            expect.stringMatching(/^experiment:6:3 data\.targets: is called data\.outcome\.file now/),
            'experiment:7:1 seed: expected a whole number, found "x"',
          ],
        },
      }),
    );
  });

  it('that are left empty are named once', () => {
    expect(problems({ data: { wsi: null } })).toEqual([
      expect.stringMatching(/^data\.wsi: is called data\.modalities\.WSI\.<key> now/),
    ]);
  });
});
