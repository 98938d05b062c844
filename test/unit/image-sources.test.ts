import { mkdirSync, mkdtempSync, symlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { HafError, type ErrorContext } from '../../src/pipeline/core/errors.js';
import { buildGraph } from '../../src/pipeline/graph.js';
import type { Graph } from '../../src/pipeline/graph-jobs.js';
import { makePlan } from '../../src/pipeline/plan.js';
import type { JobOutcome } from '../../src/pipeline/run-graph.js';
import { lostFiles, withoutLost } from '../../src/pipeline/runs/lost-files.js';
import { prepareRun } from '../../src/pipeline/runs/prepare.js';
import { findSources, type DataFiles } from '../../src/pipeline/sources/find-sources.js';
import { classOf } from '../../src/pipeline/stages.js';
import { FileStore } from '../../src/pipeline/store/file-store.js';
import { testConfig } from '../support/jobs.js';
import type { Changes } from '../support/resolved-config.js';

const images: Changes = {
  modalities: ['WSI', 'TMA', 'Clin', 'Blood'],
  data: {
    modalities: {
      WSI: { slides: 'slides/*.svs', slideTable: 'slides.csv' },
      TMA: { images: 'cores/*.png' },
    },
  },
  embed: { encoder: { standIn: true } },
};

describe('a cohort that starts from images', () => {
  let root: string;
  const write = (name: string, text = name): void => {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  };
  const find = (changes: Changes = {}): Promise<DataFiles> =>
    findSources(testConfig({ ...images, ...changes }), root, { hashCache: join(root, '.hashes.json') });
  const graphOf = async (changes: Changes = {}): Promise<Graph> =>
    buildGraph(testConfig({ ...images, ...changes }), await find(changes));

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'haf-images-'));
    write(
      'targets.csv',
      'patient_id,survival_status,survival_status_with_cause,days_to_last_information\n' +
        '001,living,living,900\n002,deceased,deceased tumor specific,90\n',
    );
    write('clinical.csv', 'patient_id,sex\n001,0\n002,1\n');
    write('blood.csv', 'patient_id,Hemoglobin\n001,12\n002,14\n');
    for (const id of ['001', '002']) write(`slides/PrimaryTumor_HE_${id}.svs`);
    write('slides.csv', 'file,mpp\nPrimaryTumor_HE_002.svs,0.25\n');
    for (const core of [
      'HE_block1_x1_y1_patient002',
      'CD3_block1_x1_y1_patient002',
      'HE_block1_x2_y1_patient001',
    ])
      write(`cores/TumorCenter_${core}.png`);
    write('cores/scan of block.png');
  });

  it('gives each slide a job, with what the slide table says of it', async () => {
    const { bags } = await find();
    const slides = bags.filter(({ modality }) => modality === 'WSI');
    const ofHancock = { modality: 'WSI', names: 'hancock', tiling: 'tissue' };
    expect(slides.map(({ unit }) => unit)).toEqual([
      { ...ofHancock, file: 'slides/PrimaryTumor_HE_001.svs', patient: '001' },
      { ...ofHancock, file: 'slides/PrimaryTumor_HE_002.svs', patient: '002', mpp: 0.25 },
    ]);
    expect(slides.flatMap(({ sources }) => sources.map(({ role }) => role))).toEqual(['slide', 'slide']);
  });

  it('gives each slide what was drawn on it, so that an edit tiles this slide again', async () => {
    write('drawn/a/PrimaryTumor_HE_001.geojson');
    write('drawn/PrimaryTumor_HE_002.svs.geojson');
    write('drawn/PrimaryTumor_HE_003.geojson');
    const drawn = { tissue: { annotations: 'drawn' } };
    const { bags, unreadable } = await find(drawn);
    const ofSlides = bags.filter(({ modality }) => modality === 'WSI');
    expect(ofSlides.map(({ sources }) => sources.map(({ role, name }) => [role, name]))).toEqual([
      [
        ['slide', 'slides/PrimaryTumor_HE_001.svs'],
        ['annotations', 'drawn/a/PrimaryTumor_HE_001.geojson'],
      ],
      [
        ['slide', 'slides/PrimaryTumor_HE_002.svs'],
        ['annotations', 'drawn/PrimaryTumor_HE_002.svs.geojson'],
      ],
    ]);
    expect(unreadable).toMatchObject([
      { severity: 'warning', stage: 'preflight', file: 'drawn/PrimaryTumor_HE_003.geojson' },
    ]);
    const store = new FileStore(join(root, '.store'));
    const ids = async (): Promise<ReadonlyMap<string, string>> =>
      new Map(
        (await makePlan(await graphOf(drawn), testConfig({ ...images, ...drawn }), store)).map(
          ({ node, id }) => [node.key, id],
        ),
      );
    const before = await ids();
    write('drawn/a/PrimaryTumor_HE_001.geojson', 'another drawing');
    const after = await ids();
    const changed = [...before].flatMap(([key, id]) =>
      key.startsWith('tile/') && after.get(key) !== id ? [key] : [],
    );
    expect(changed).toHaveLength(1);
    expect(changed[0]).toContain('001');
  });

  it('names slides without a drawing, and refuses drawings that nobody can tell apart, or none at all', async () => {
    write('drawn/PrimaryTumor_HE_001.geojson');
    const glob = { tissue: { annotations: 'drawn/*.geojson' } };
    expect((await find(glob)).unreadable).toMatchObject([
      {
        severity: 'warning',
        file: 'slides/PrimaryTumor_HE_002.svs',
        reason: expect.stringContaining('1 slide of 2 have no file') as string,
      },
    ]);
    write('drawn/PrimaryTumor_HE_001.svs.geojson');
    await expect(find(glob)).rejects.toMatchObject({ code: 'HAF_JOIN_REFUSED' });
    await expect(find({ tissue: { annotations: 'nowhere' } })).rejects.toMatchObject({
      code: 'HAF_DATA_MISSING',
    });
  });

  it('gives all cores of a patient one job, and a core without a patient one of its own', async () => {
    const { bags } = await find();
    const cores = bags.filter(({ modality }) => modality === 'TMA');
    expect(
      cores.map(({ unit, sources }) => [unit.patient ?? unit.file, sources.map(({ name }) => name)]),
    ).toEqual([
      [
        '002',
        [
          'cores/TumorCenter_CD3_block1_x1_y1_patient002.png',
          'cores/TumorCenter_HE_block1_x1_y1_patient002.png',
        ],
      ],
      ['001', ['cores/TumorCenter_HE_block1_x2_y1_patient001.png']],
      ['cores/scan of block.png', ['cores/scan of block.png']],
    ]);
  });

  it('tiles all images before it encodes any, and draws attention after Stage 1', async () => {
    const graph = await graphOf();
    const stages = graph.map(({ stage }) => stage);
    expect(stages.lastIndexOf('tile')).toBeLessThan(stages.indexOf('embed'));
    const keys = new Set(graph.map(({ key }) => key));
    expect(keys.size).toBe(graph.length);
    const embed = graph.find(({ key }) => key === 'embed/WSI/slides/PrimaryTumor_HE_002.svs');
    expect(embed?.inputs).toEqual([{ role: 'tile', keys: ['tile/WSI/slides/PrimaryTumor_HE_002.svs'] }]);
    expect(embed?.unit.encoder).toBe('stand-in');
    const heatmap = graph.find(({ key }) => key === 'heatmap/fold-0/TMA');
    expect(heatmap?.inputs.find(({ role }) => role === 'stage1')?.keys).toEqual(['stage1/fold-0/TMA']);
    expect(heatmap?.inputs.find(({ role }) => role === 'tile')?.keys).toHaveLength(3);
    expect(graph.at(-1)?.stage).toBe('report');
  });

  it('leaves out what cannot be read, with its reason, and only that', async () => {
    const nowhere = join(root, 'unmounted', 'x');
    symlinkSync(nowhere, join(root, 'slides/PrimaryTumor_HE_003.svs'));
    symlinkSync(nowhere, join(root, 'cores/TumorCenter_CD8_block1_x1_y1_patient002.png'));
    symlinkSync(nowhere, join(root, 'cores/TumorCenter_HE_block1_x1_y1_patient004.png'));
    const { bags, unreadable } = await find();
    expect(bags.flatMap(({ sources }) => sources.map(({ name }) => name))).toHaveLength(6);
    expect(bags.some(({ unit }) => unit.patient === '004')).toBe(false);
    expect(unreadable.map(({ severity, file }) => [severity, file])).toEqual([
      ['failure', 'slides/PrimaryTumor_HE_003.svs'],
      ['failure', 'cores/TumorCenter_CD8_block1_x1_y1_patient002.png'],
      ['failure', 'cores/TumorCenter_HE_block1_x1_y1_patient004.png'],
    ]);
    expect(unreadable[0]).toMatchObject({ reason: 'It cannot be read (ENOENT).', stage: 'tile' });
    const store = { runs: join(root, '.runs'), store: join(root, '.store') };
    const forced = testConfig({ ...images, embed: { encoder: { standIn: true, force: true } } });
    expect((await prepareRun(forced, root, store)).lost).toHaveLength(3);
  });

  it('takes the model as a source of each encoding job, which then needs a trainer', async () => {
    write('models/uni.onnx');
    const encoder = { onnx: 'models/uni.onnx' };
    const graph = await graphOf({ embed: { encoder } });
    const embeds = graph.filter(({ stage }) => stage === 'embed');
    expect(embeds.every((job) => job.sources.some(({ role }) => role === 'encoder'))).toBe(true);
    expect(embeds.map(classOf)).toEqual(embeds.map(() => 'gpu'));
    expect(graph.filter(({ stage }) => stage === 'tile').map(classOf)).toContain('cpu');
    await expect(find({ embed: { encoder: { onnx: 'models/other.onnx' } } })).rejects.toMatchObject({
      code: 'HAF_ENCODER_UNFIT',
      what: expect.stringContaining('models/other.onnx') as string,
    });
    await expect(find({ embed: { encoder: { onnx: 'models' } } })).rejects.toMatchObject({
      code: 'HAF_ENCODER_UNFIT',
      what: expect.stringMatching(/models \(embed\.encoder\.onnx\) is not a file/) as string,
    });
  });

  it('refuses a glob without images by the key that holds it', async () => {
    await expect(find({ data: { modalities: { WSI: { slides: '*.ndpi' } } } })).rejects.toMatchObject({
      code: 'HAF_MODALITY_EMPTY',
      fix: expect.stringContaining('data.modalities.WSI.slides') as string,
    });
  });

  it('computes only one slide again when its row in the slide table changes', async () => {
    const store = new FileStore(join(root, '.store'));
    const idsOf = async (): Promise<Map<string, string>> =>
      new Map(
        (await makePlan(await graphOf(), testConfig(images), store)).map(({ node, id }) => [node.key, id]),
      );
    const before = await idsOf();
    write('slides.csv', 'file,mpp\nPrimaryTumor_HE_002.svs,0.5\n');
    const after = await idsOf();
    const changed = [...before].filter(([key, id]) => after.get(key) !== id).map(([key]) => key);
    expect(changed.filter((key) => key.startsWith('tile/'))).toEqual([
      'tile/WSI/slides/PrimaryTumor_HE_002.svs',
    ]);
  });

  const failing =
    (graph: Graph) =>
    (
      key: string,
      code: 'HAF_DATA_MISSING' | 'HAF_DATA_CHANGED' | 'HAF_STORE_FULL',
      context: ErrorContext = {},
    ): JobOutcome => {
      const node = graph.find((job) => job.key === key);
      if (!node) throw new Error(`no job ${key}`);
      const recipe = { stage: node.stage, version: 1, unit: node.unit, config: {}, inputs: [], sources: [] };
      return {
        state: 'failed',
        job: { node, id: key, recipe, cached: null },
        error: new HafError(code, 'It is gone.', 'Bring it back.', { context }),
      };
    };

  it('goes on without files that failed, but not when something else failed too', async () => {
    const files = await find();
    const graph = buildGraph(testConfig(images), files);
    const failed = failing(graph);
    const gone = failed('tile/WSI/slides/PrimaryTumor_HE_002.svs', 'HAF_DATA_MISSING');
    const lost = lostFiles([gone]);
    expect(lost).toMatchObject([
      {
        problem: {
          severity: 'failure',
          file: 'slides/PrimaryTumor_HE_002.svs',
          reason: expect.stringContaining('existed') as string,
        },
      },
    ]);
    const rest = buildGraph(testConfig(images), withoutLost(files, lost));
    expect(graph.length - rest.length).toBe(2);
    expect(rest.some(({ key }) => key.includes('HE_002.svs'))).toBe(false);
    expect(lostFiles([failed('tile/TMA/patient-002', 'HAF_DATA_MISSING')])).toMatchObject([
      { embeds: ['embed/TMA/patient-002'], problem: { patient: '002', file: null } },
    ]);
    expect(lostFiles([gone, failed('tables/Clin', 'HAF_DATA_MISSING')])).toEqual([]);
    expect(lostFiles([failed('tile/TMA/patient-002', 'HAF_STORE_FULL')])).toEqual([]);
  });

  it('goes on with what was found before, so that no other file is missing without a word', async () => {
    const places = { runs: join(root, 'runs'), store: join(root, 'store') };
    const [config, key] = [testConfig(images), 'tile/WSI/slides/PrimaryTumor_HE_001.svs'];
    writeFileSync(join(root, 'synthetic.json'), JSON.stringify({ synthetic: true, patients: 2, seed: 1 }));
    const { files, graph } = await prepareRun(config, root, places);
    const lost = lostFiles([failing(graph)(key, 'HAF_DATA_MISSING')]);
    for (const id of ['001', '002']) rmSync(join(root, `slides/PrimaryTumor_HE_${id}.svs`));
    const next = await prepareRun(config, root, places, {
      lost,
      earlier: { files, checks: null },
    });
    expect(next.graph.filter(({ stage, unit }) => stage === 'tile' && unit.modality === 'WSI')).toMatchObject(
      [{ unit: { file: 'slides/PrimaryTumor_HE_002.svs' } }],
    );
    expect(next.lost).toMatchObject([{ file: 'slides/PrimaryTumor_HE_001.svs' }]);
  });

  it('does not go on without slides because their model is gone', async () => {
    write('models/uni.onnx');
    const encoder = { onnx: 'models/uni.onnx', standIn: false };
    const files = await find({ embed: { encoder } });
    const failed = failing(await graphOf({ embed: { encoder } }));
    // All slides need the model. So if the model is missing, the run fails; the slides are not left out one after
    // another.
    const slide = 'slides/PrimaryTumor_HE_002.svs';
    const [model] = files.encoder;
    const encoding = `embed/WSI/${slide}`;
    const { name, sha256 } = model ?? {};
    expect(lostFiles([failed(encoding, 'HAF_DATA_MISSING', { files: [name as string] })])).toEqual([]);
    expect(lostFiles([failed(encoding, 'HAF_DATA_CHANGED', { sha256: sha256 as string })])).toEqual([]);
    expect(lostFiles([failed(encoding, 'HAF_DATA_MISSING', { files: [slide] })])).toHaveLength(1);
    expect(lostFiles([failed(encoding, 'HAF_DATA_CHANGED', { sha256: 'of the slide' })])).toHaveLength(1);
  });
});
