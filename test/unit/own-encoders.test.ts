import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encoderKeys } from '../../src/operators/encoders/encoder-keys.js';
import { configOfNew } from '../../src/pipeline/bundles/new-patients.js';
import { loadConfig } from '../../src/pipeline/config/load.js';
import { configYaml } from '../../src/pipeline/config/print.js';
import type { Config } from '../../src/pipeline/config/schema.js';
import { buildGraph } from '../../src/pipeline/graph.js';
import { makePlan, pickConfig, type PlannedJob } from '../../src/pipeline/plan.js';
import { guardStandIn } from '../../src/pipeline/runs/stand-in-guard.js';
import { findSources, type DataFiles } from '../../src/pipeline/sources/find-sources.js';
import { stages } from '../../src/pipeline/stages.js';
import { FileStore } from '../../src/pipeline/store/file-store.js';
import { fault } from '../support/fault.js';

/**
 * An experiment with the modalities A and B over the same slides. `a` and `b` are the further keys of their
 * declarations.
 */
const text = (a: string, b: string, embed = '{}'): string => `
name: demo
methods: [haf]
data:
  layout: own
  outcome: { file: y.csv, event: { column: y, positive: ['1'], negative: ['0'] } }
  modalities:
    A: { kind: bag, slides: 'slides/*.svs'${a} }
    B: { kind: bag, slides: 'slides/*.svs'${b} }
embed: ${embed}
`;
const ownA = ', encoder: { onnx: a.onnx }, width: 6';
const ownB = ', encoder: { onnx: b.onnx, targetSize: 96, mean: [0.5, 0.5, 0.5] }, width: 12';
const preset = (name: string, more = ''): string => `, encoder: { onnx: b.onnx, preset: ${name}${more} }`;
const shared = '{ encoder: { onnx: a.onnx } }';
const load = (...parts: Parameters<typeof text>) => loadConfig({ text: text(...parts) });

describe('an encoder of one modality', () => {
  let root: string;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'haf-own-encoders-'));
    for (const name of ['y.csv', 'slides/1.svs', 'slides/2.svs', 'a.onnx', 'b.onnx']) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), name);
    }
  });
  afterAll(() => rmSync(root, { recursive: true }));
  const find = (config: Config): Promise<DataFiles> =>
    findSources(config, root, { hashCache: join(root, '.hashes.json') });
  async function planOf(config: Config): Promise<readonly PlannedJob[]> {
    return makePlan(buildGraph(config, await find(config)), config, new FileStore(join(root, 'store')));
  }
  const jobOf = (plan: readonly PlannedJob[], key: string): PlannedJob => {
    const job = plan.find(({ node }) => node.key === key);
    if (job === undefined) throw new Error(`no job ${key}`);
    return job;
  };
  const keysOf = (plan: readonly PlannedJob[], stage: string): readonly string[] =>
    plan.filter(({ node }) => node.stage === stage).map(({ node }) => node.key);

  it('encodes the tiles of the first modality over the same images', async () => {
    const plan = await planOf(load(ownA, ownB).config);
    expect(keysOf(plan, 'tile')).toEqual(['tile/A/slides/1.svs', 'tile/A/slides/2.svs']);
    const tiles = [jobOf(plan, 'tile/A/slides/1.svs').id];
    for (const [modality, model] of [
      ['A', 'a.onnx'],
      ['B', 'b.onnx'],
    ]) {
      const { recipe } = jobOf(plan, `embed/${modality}/slides/1.svs`);
      expect(recipe.inputs).toEqual([{ role: 'tile', ids: tiles }]);
      expect(recipe.sources.map(({ name }) => name)).toEqual(['slides/1.svs', model]);
      expect(recipe.unit).toMatchObject({ modality, encoder: 'onnx', ownEncoder: true });
    }
    const report = plan.at(-1)?.recipe.inputs.find(({ role }) => role === 'tile');
    expect(report?.ids).toHaveLength(2);
    const heatmap = plan.find(({ node: { stage, unit } }) => stage === 'heatmap' && unit.modality === 'B');
    expect(heatmap?.recipe.inputs.find(({ role }) => role === 'tile')?.ids).toEqual(report?.ids);
  });

  it('may stand beside embed.encoder, whose artifacts stay the same', async () => {
    const alone = await planOf(load(', width: 6', ', width: 6', shared).config);
    const beside = await planOf(load(', width: 6', ownB, shared).config);
    for (const key of ['tile/A/slides/1.svs', 'embed/A/slides/1.svs'])
      expect(jobOf(beside, key).id).toBe(jobOf(alone, key).id);
    expect(keysOf(beside, 'tile')).toEqual(keysOf(alone, 'tile').filter((key) => key.startsWith('tile/A')));
  });

  it('changes nothing in an experiment without one: jobs and recipes do not mention it', async () => {
    const plan = await planOf(load(', width: 6', ', width: 6', shared).config);
    expect(keysOf(plan, 'tile')).toHaveLength(4);
    const { recipe } = jobOf(plan, 'embed/B/slides/1.svs');
    expect(recipe.unit).not.toHaveProperty('ownEncoder');
    const { data } = plan.at(-1)?.recipe.config as unknown as Pick<Config, 'data'>;
    expect(Object.keys(data.modalities['B'] ?? {})).toContain('width');
    expect(data.modalities['B']).not.toHaveProperty('encoder');
  });

  it('is in the recipe of its own modality alone, and only with what it does to tiles', async () => {
    const plan = await planOf(load(ownA, ownB).config);
    const other = await planOf(load(ownA, ownB.replace('targetSize: 96', 'targetSize: 128')).config);
    expect(jobOf(other, 'embed/A/slides/1.svs').id).toBe(jobOf(plan, 'embed/A/slides/1.svs').id);
    expect(jobOf(other, 'embed/B/slides/1.svs').id).not.toBe(jobOf(plan, 'embed/B/slides/1.svs').id);
    const { config } = load(ownA, ownB);
    const { unit } = jobOf(plan, 'embed/B/slides/1.svs').recipe;
    const read = pickConfig(config, stages.embed.reads(unit)) as unknown as Config;
    expect(encoderKeys({ unit, config: read })).toEqual({
      ...{ interpolation: 'bicubic', mean: [0.5, 0.5, 0.5], std: [0.229, 0.224, 0.225], batch: 8 },
      ...{ side: 96, section: 'data.modalities.B.encoder', sideKey: 'data.modalities.B.encoder.targetSize' },
    });
  });

  it('is printed with the experiment, and read again as the same', () => {
    const experiments: readonly Parameters<typeof load>[] = [
      [ownA, ownB],
      [ownA, preset('uni')],
      [', width: 6', ownB, shared],
    ];
    for (const parts of experiments) {
      const { config } = load(...parts);
      expect(loadConfig({ text: configYaml(config) }).config).toEqual(config);
    }
  });

  it('is refused without its file, and for feature files', async () => {
    const absent = load(ownA, ownB.replace('b.onnx', 'gone.onnx')).config;
    expect((await fault(find(absent))).what).toContain('gone.onnx (data.modalities.B.encoder.onnx)');
    expect(() =>
      loadConfig({
        text: text(ownA, ownB).replace(
          "B: { kind: bag, slides: 'slides/*.svs'",
          "B: { kind: bag, files: 'f/*.h5'",
        ),
      }),
    ).toThrow(/data\.modalities\.B\.encoder: encodes images/);
    expect(() => load(ownA, ', width: 6')).toThrow(/data\.modalities\.B\.slides: images need an encoder/);
  });

  it('is no stand-in: those images may be real', async () => {
    const standIn = '{ encoder: { standIn: true } }';
    const both = load(ownA, ownB, standIn).config;
    expect(() => guardStandIn(both, [])).not.toThrow();
    const { bags } = await find(both);
    expect(() => guardStandIn(both, bags)).not.toThrow();
    const one = load(ownA, ', width: 6', standIn).config;
    expect(() => guardStandIn(one, bags)).toThrow(/not in a synthetic cohort/);
  });
});

describe('the preset of an encoder of one modality', () => {
  it('sets what concerns the model, and warns of tiles that differ', () => {
    const { config, warnings } = load(ownA, preset('conch'));
    expect(config.data.modalities['B']).toMatchObject({
      width: 512,
      encoder: { targetSize: 448, interpolation: 'bicubic' },
    });
    expect(config.tile).toMatchObject({ size: 256, targetSize: 224, mpp: null });
    const used = ', and this value is used. The preset conch says';
    expect(warnings.filter((warning) => warning.includes('preset'))).toEqual([
      `tile.size: the experiment sets 256${used} 512.`,
      `tile.mpp: the experiment sets null (tiles of tile.level 0)${used} 0.5.`,
    ]);
  });

  it('stands beside the preset of embed.encoder, which sets the tiles and the other widths', () => {
    const { config, warnings } = load(
      '',
      preset('h-optimus-1', ', interpolation: bilinear'),
      '{ encoder: { onnx: a.onnx, preset: uni2-h } }',
    );
    expect(config.data.modalities).toMatchObject({ A: { width: 1536 }, B: { width: 1536 } });
    expect(config.tile).toMatchObject({ size: 256, mpp: 0.5 });
    expect(warnings.filter((warning) => warning.includes('preset'))).toEqual([
      'tile.size: the experiment sets 256, and this value is used. The preset h-optimus-1 says 224.',
    ]);
  });

  it('is that of the training for new patients, whose file may name the file of the encoder', () => {
    const bundle = { modalities: [{ id: 'A' }, { id: 'B' }] } as unknown as Parameters<typeof configOfNew>[0];
    const defaults = loadConfig({ text: 'name: defaults\n' }).config;
    const trained = load(ownA, preset('uni')).config;
    const ofNew = (b: string) =>
      configOfNew(bundle, trained, load(ownA, b).config, defaults).data.modalities['B'];
    expect(ofNew(', encoder: { onnx: moved.onnx }')).toMatchObject({
      encoder: { onnx: 'moved.onnx', preset: 'uni', interpolation: 'bilinear' },
    });
    // If the cohort file gives no width, the width of the training is used.
    const wide = load(ownA, preset('uni2-h') + ', width: 1536').config;
    const widthIn = (training: Config, cohort: Config) =>
      configOfNew(bundle, training, cohort, defaults).data.modalities['B'];
    expect(widthIn(wide, load(ownA, ', encoder: { onnx: moved.onnx }').config)).toMatchObject({
      width: 1536,
    });
    const one = load(', width: 6', ', width: 6', '{ encoder: { onnx: a.onnx } }').config;
    expect(widthIn(one, load('', '', '{ encoder: { onnx: a.onnx } }').config)).toMatchObject({ width: 6 });
    expect(configOfNew(bundle, trained, null, defaults).data.modalities['B']).toEqual(
      trained.data.modalities['B'],
    );
    expect(() => ofNew(preset('gigapath'))).toThrow(/the model was trained with "uni"/);
  });
});
