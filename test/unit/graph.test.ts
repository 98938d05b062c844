import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/pipeline/config/schema.js';
import { buildGraph } from '../../src/pipeline/graph.js';
import { upstreamOf, type Graph, type JobNode } from '../../src/pipeline/graph-jobs.js';
import { paperMethodIds as methodIds } from '../../src/operators/paper/paper-results.js';
import { stages } from '../../src/pipeline/stages.js';
import type { StageName } from '../../src/pipeline/stage.js';
import { testConfig, testFiles } from '../support/jobs.js';
import { resolvedConfig, type Changes } from '../support/resolved-config.js';

const { modalities } = resolvedConfig();
const tables = ['Clin', 'Path', 'Blood', 'ICD', 'Cell'];

const files = testFiles();
const slides = ['wsi/1.h5', 'wsi/2.h5'].map((file) => ({
  modality: 'WSI' as const,
  kind: 'features' as const,
  unit: { modality: 'WSI' as const, file },
  sources: [],
}));

type Methods = Config['methods'];
const graphOf = (methods: Methods, changes: Changes = {}): Graph => {
  const config = testConfig({ modalities: [...modalities], methods, ...changes });
  const used = ({ modality }: { readonly modality: string }): boolean => config.modalities.includes(modality);
  const bags = [...slides, ...files.bags].filter(used);
  const sources = tables.map((modality) => ({ modality, sources: [] })).filter(used);
  return buildGraph(config, { ...files, bags, tables: sources });
};

const keys = (graph: Graph, stage: StageName): string[] =>
  graph.filter((job) => job.stage === stage).map(({ key }) => key);
/** Keys of the jobs of fold 0, without stage and fold. */
const units = (graph: Graph, stage: StageName): string[] =>
  keys(graph, stage)
    .filter((key) => key.startsWith(`${stage}/fold-0`))
    .map((key) => key.slice(`${stage}/fold-0/`.length));
const jobOf = (graph: Graph, key: string): JobNode => {
  const job = graph.find((candidate) => candidate.key === key);
  if (!job) throw new Error(`no job ${key} among ${graph.map((one) => one.key).join(', ')}`);
  return job;
};
/** The inputs of a job, by role, without the cohort and the split. */
const readBy = (graph: Graph, key: string): Partial<Record<StageName, readonly string[]>> =>
  Object.fromEntries(
    jobOf(graph, key)
      .inputs.filter(({ role }) => role !== 'cohort' && role !== 'split')
      .map(({ role, keys: read }) => [role, read]),
  );
const shared = (graph: Graph): Record<string, string[]> => ({
  stage1: units(graph, 'stage1'),
  stage2: units(graph, 'stage2'),
  stage3: units(graph, 'stage3'),
  joint: units(graph, 'joint'),
  latent: keys(graph, 'latent'),
});

describe('the jobs of methods, stages trained one after the other', () => {
  it.each<[string, Methods, ReturnType<typeof shared>]>([
    [
      'tables alone',
      ['blood', 'icd'],
      { stage1: [], stage2: [], stage3: ['blood', 'icd'], joint: [], latent: [] },
    ],
    [
      'one encoder alone',
      ['tma_clam'],
      { stage1: ['TMA'], stage2: [], stage3: ['tma_clam'], joint: [], latent: [] },
    ],
    [
      'the union of bags',
      ['wsi_tma_clam'],
      { stage1: ['union'], stage2: [], stage3: ['wsi_tma_clam'], joint: [], latent: [] },
    ],
    [
      'encoders that fusion shares with their own rows',
      ['wsi_clam', 'tma_clam', 'wsi_tma_clam', 'wsi_tma_mlp', 'all_mlp', 'drop'],
      {
        stage1: ['WSI', 'TMA', 'union'],
        stage2: [],
        stage3: ['wsi_clam', 'tma_clam', 'wsi_tma_clam', 'wsi_tma_mlp', 'all_mlp', 'drop'],
        joint: [],
        latent: [],
      },
    ],
    [
      'one Stage 2 for the rows of an alignment',
      ['ga', 'haf', 'ga_mean', 'clip', 'clip_drop'],
      {
        stage1: ['WSI', 'TMA'],
        stage2: ['svd', 'clip'],
        stage3: ['ga', 'haf', 'ga_mean', 'clip', 'clip_drop'],
        joint: [],
        latent: ['latent/fold-0/svd', 'latent/fold-0/clip'],
      },
    ],
    [
      'instances and attached rows, which nothing can be shared with',
      ['mfmf', 'ga_attached', 'haf_attached'],
      {
        stage1: [],
        stage2: [],
        stage3: [],
        joint: ['mfmf', 'ga_attached', 'haf_attached'],
        latent: ['latent/fold-0/svd'],
      },
    ],
    [
      'a row attached beside the same detached',
      ['drop', 'drop_attached'],
      { stage1: ['WSI', 'TMA'], stage2: [], stage3: ['drop'], joint: ['drop_attached'], latent: [] },
    ],
  ])('%s', (_, methods, wanted) => {
    expect(shared(graphOf(methods))).toEqual(wanted);
  });

  it('give each method what it looks at, and no more', () => {
    const graph = graphOf([...methodIds]);
    const preprocess = tables.map((id) => `preprocess/fold-1/${id}`);
    const bags = ['bags/WSI', 'bags/TMA'];
    const material = { bags, embed: keys(graph, 'embed') };
    const encoders = ['stage1/fold-1/WSI', 'stage1/fold-1/TMA'];
    const wanted: Readonly<Record<string, object>> = {
      'stage3/fold-1/wsi_clam': { stage1: ['stage1/fold-1/WSI'] },
      'stage3/fold-1/wsi_tma_clam': { stage1: ['stage1/fold-1/union'] },
      'stage3/fold-1/all_mlp': { preprocess, stage1: encoders },
      'stage3/fold-1/ps3': { preprocess, stage1: encoders },
      'stage3/fold-1/haf': { stage2: ['stage2/fold-1/svd'] },
      'stage3/fold-1/ga_max': { stage2: ['stage2/fold-1/svd'] },
      'stage3/fold-1/clip_drop': { stage2: ['stage2/fold-1/clip'] },
      'stage3/fold-1/blood': { preprocess: ['preprocess/fold-1/Blood'] },
      'preprocess/fold-1/ICD': { tables: ['tables/ICD'] },
      'stage2/fold-1/clip': { preprocess, stage1: encoders },
      'joint/fold-1/mfmf': { preprocess, ...material },
      'joint/fold-1/haf_attached': { preprocess, ...material },
      'bags/WSI': { outcome: ['outcome'], embed: ['embed/WSI/wsi/1.h5', 'embed/WSI/wsi/2.h5'] },
      'stage1/fold-1/WSI': { bags: ['bags/WSI'], embed: ['embed/WSI/wsi/1.h5', 'embed/WSI/wsi/2.h5'] },
      'stage1/fold-1/union': material,
      'evaluate/fold-1/mfmf': { stage3: ['joint/fold-1/mfmf'] },
      'evaluate/fold-1/haf': { stage3: ['stage3/fold-1/haf'] },
    };
    expect(Object.fromEntries(Object.keys(wanted).map((key) => [key, readBy(graph, key)]))).toEqual(wanted);
  });

  it('do not depend on which other methods there are', () => {
    const alone = methodIds.flatMap((id) => graphOf([id]));
    const together = new Map(graphOf([...methodIds]).map((job) => [job.key, job]));
    // Only the jobs that show or summarise all methods change when a method is added.
    const summing: readonly StageName[] = ['latent', 'aggregate', 'report'];
    for (const job of alone) if (!summing.includes(job.stage)) expect(together.get(job.key)).toEqual(job);
  });
});

describe('the jobs of methods, all stages trained together', () => {
  const graph = graphOf([...methodIds], { schedule: 'joint' });

  it('are one per fusion row; single tables and encoders keep their own', () => {
    const rest = [
      'wsi_clam',
      'tma_clam',
      'wsi_tma_clam',
      'blood',
      'clinical',
      'icd',
      'pathological',
      'cell_density',
    ];
    expect(units(graph, 'stage3')).toEqual(rest);
    expect(units(graph, 'joint')).toEqual(methodIds.filter((id) => !rest.includes(id)));
    expect(keys(graph, 'stage2')).toEqual([]);
    expect(units(graph, 'stage1')).toEqual(['WSI', 'TMA', 'union']);
  });

  it('leave latent vectors to look at, those of HAF where it is among them', () => {
    const read = (of: Graph): unknown[] =>
      of.filter(({ stage }) => stage === 'latent').map(({ key }) => readBy(of, key));
    expect(read(graph)).toEqual([{ stage2: ['joint/fold-0/haf'] }, { stage2: ['joint/fold-0/clip'] }]);
    expect(read(graphOf(['ga', 'clip_drop'], { schedule: 'joint' }))).toEqual([
      { stage2: ['joint/fold-0/ga'] },
      { stage2: ['joint/fold-0/clip_drop'] },
    ]);
  });

  it('take them from Stage 2 where there is one', () => {
    const staged = graphOf(['ga_attached', 'haf']);
    expect(readBy(staged, 'latent/fold-0/svd')).toEqual({ stage2: ['stage2/fold-0/svd'] });
  });
});

describe('an experiment without a modality', () => {
  it('leaves out the rows that mean nothing without it, and nothing else', () => {
    const rest = modalities.filter((modality) => modality !== 'WSI' && modality !== 'ICD');
    const graph = graphOf([...methodIds], { modalities: rest, cohort: { require: [] } });
    const lost = ['wsi_clam', 'wsi_tma_clam', 'wsi_tma_mlp', 'clip', 'clip_drop', 'icd'];
    const trained = [...units(graph, 'stage3'), ...units(graph, 'joint')];
    expect(new Set(trained)).toEqual(new Set(methodIds.filter((id) => !lost.includes(id))));
    expect(units(graph, 'stage1')).toEqual(['TMA']);
    expect(units(graph, 'stage2')).toEqual(['svd']);
    expect(readBy(graph, 'stage3/fold-0/all_mlp')).toMatchObject({ stage1: ['stage1/fold-0/TMA'] });
  });

  it('trains fusion on tables alone where there are no images', () => {
    const graph = graphOf(['haf', 'mfmf'], { modalities: ['Clin', 'Blood'], cohort: { require: [] } });
    expect(readBy(graph, 'stage2/fold-0/svd')).toEqual({
      preprocess: ['preprocess/fold-0/Clin', 'preprocess/fold-0/Blood'],
    });
    expect(readBy(graph, 'joint/fold-0/mfmf')).toEqual({
      preprocess: ['preprocess/fold-0/Clin', 'preprocess/fold-0/Blood'],
    });
    expect(keys(graph, 'embed')).toEqual([]);
  });
});

describe('an experiment on a cohort of its own', () => {
  const own = (changes: Changes = {}): Graph => {
    const config = testConfig({
      modalities: ['RNA', 'Slides', 'Cores_2'],
      methods: ['mil-Cores_2', 'mil-all', 'bags_mlp', 'haf', 'mfmf', 'table-RNA'],
      data: {
        layout: 'own',
        modalities: {
          Slides: { kind: 'bag', files: 'slides/*.h5' },
          RNA: { kind: 'table', file: 'rna.csv' },
          Cores_2: { kind: 'bag', files: 'cores/*.h5' },
        },
      },
      ...changes,
    });
    const bags = ['Cores_2', 'Slides'].map((modality) => ({
      ...{ modality, kind: 'features' as const, sources: [] },
      unit: { modality, file: `${modality}/a.h5` },
    }));
    return buildGraph(config, { ...files, bags, tables: [{ modality: 'RNA', sources: [] }] });
  };

  it('has its jobs under its names', () => {
    const graph = own();
    expect(units(graph, 'stage1')).toEqual(['Slides', 'Cores_2', 'union']);
    expect(units(graph, 'stage3')).toEqual(['mil-Cores_2', 'mil-all', 'bags_mlp', 'haf', 'table-RNA']);
    expect(readBy(graph, 'stage3/fold-0/table-RNA')).toEqual({ preprocess: ['preprocess/fold-0/RNA'] });
    expect(readBy(graph, 'stage3/fold-0/mil-Cores_2')).toEqual({ stage1: ['stage1/fold-0/Cores_2'] });
    expect(readBy(graph, 'stage3/fold-0/bags_mlp')).toEqual({
      stage1: ['stage1/fold-0/Slides', 'stage1/fold-0/Cores_2'],
    });
    expect(readBy(graph, 'joint/fold-0/mfmf')).toEqual({
      preprocess: ['preprocess/fold-0/RNA'],
      bags: ['bags/Slides', 'bags/Cores_2'],
      embed: ['embed/Cores_2/Cores_2/a.h5', 'embed/Slides/Slides/a.h5'],
    });
  });

  it('decides who belongs by the modalities that everybody needs, or by all', () => {
    expect(readBy(own(), 'cohort')).toEqual({
      outcome: ['outcome'],
      tables: ['tables/RNA'],
      bags: ['bags/Slides', 'bags/Cores_2'],
    });
    expect(readBy(own({ cohort: { require: ['Slides'] } }), 'cohort')).toEqual({
      outcome: ['outcome'],
      bags: ['bags/Slides'],
    });
  });

  it('reads no table whose methods are not asked for', () => {
    const graph = own({ methods: ['mil-Slides'] });
    expect(keys(graph, 'preprocess')).toEqual([]);
    expect(keys(graph, 'stage1')).toEqual(['stage1/fold-0/Slides', 'stage1/fold-1/Slides']);
  });
});

describe('folds', () => {
  const graph = graphOf(['haf', 'wsi_tma_clam'], { cv: { folds: 3, repeats: 2 } });

  it('are numbered through the repeats, and every one is trained and told of', () => {
    for (const stage of ['stage3', 'evaluate'] as const) expect(keys(graph, stage)).toHaveLength(12);
    expect(keys(graph, 'stage1').at(-1)).toBe('stage1/fold-5/union');
    for (const stage of ['aggregate', 'report']) {
      expect(readBy(graph, stage).stage3).toEqual(keys(graph, 'stage3'));
      expect(readBy(graph, stage).evaluate).toEqual(keys(graph, 'evaluate'));
    }
    expect(readBy(graph, 'report')).toMatchObject({
      stage1: keys(graph, 'stage1'),
      stage2: keys(graph, 'stage2'),
      latent: ['latent/fold-0/svd'],
    });
  });

  it('draw where encoders looked once per patient and modality, not of unions', () => {
    expect(keys(graph, 'heatmap')).toEqual(
      [0, 1, 2].flatMap((fold) => [`heatmap/fold-${fold}/WSI`, `heatmap/fold-${fold}/TMA`]),
    );
  });
});

it.each(['staged', 'joint'] as const)(
  'every job of a %s graph stands after what it reads, under a key of its own',
  (schedule) => {
    const seen = new Set<string>();
    for (const job of graphOf([...methodIds], { schedule, cv: { folds: 2, repeats: 2 } })) {
      for (const key of upstreamOf(job)) expect(seen).toContain(key);
      expect(seen).not.toContain(job.key);
      expect(stages[job.stage].name).toBe(job.stage);
      expect(
        job.inputs.every(({ keys: read }) => new Set(read).size === read.length && read.length > 0),
      ).toBe(true);
      seen.add(job.key);
    }
  },
);
