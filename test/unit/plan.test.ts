import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/pipeline/config/schema.js';
import { buildGraph, upstreamOf, withDownstream } from '../../src/pipeline/graph.js';
import { finalId, makePlan, recipeChanges, summarisePlan, type Plan } from '../../src/pipeline/plan.js';
import { FileStore } from '../../src/pipeline/store/file-store.js';
import { testConfig, testFiles } from '../support/jobs.js';

const store = new FileStore(mkdtempSync(join(tmpdir(), 'haf-plan-')));
const planOf = (config: Config, changedFile?: string): Promise<Plan> =>
  makePlan(buildGraph(config, testFiles(changedFile)), config, store);
const stagesThatDiffer = (a: Plan, b: Plan): string[] => [
  ...new Set(
    a
      .filter(({ node, id }) => b.find((other) => other.node.key === node.key)?.id !== id)
      .map(({ node }) => node.stage),
  ),
];

describe('the graph of jobs', () => {
  const graph = buildGraph(testConfig(), testFiles());

  it('lists every job after the jobs it reads, each key once', () => {
    const seen = new Set<string>();
    for (const job of graph) {
      for (const key of upstreamOf(job)) expect(seen).toContain(key);
      expect(seen).not.toContain(job.key);
      seen.add(job.key);
    }
  });

  it('shares Stage 1 and Stage 2 between methods', () => {
    const count = (stage: string): number => graph.filter((job) => job.stage === stage).length;
    expect({ stage1: count('stage1'), stage2: count('stage2'), stage3: count('stage3') }).toEqual({
      stage1: 2,
      stage2: 2,
      stage3: 6,
    });
  });

  it('has no Stage 1 or 2 when only single tables are asked for', () => {
    const stages = new Set(
      buildGraph(testConfig({ methods: ['blood'] }), testFiles()).map(({ stage }) => stage),
    );
    expect(stages).not.toContain('stage1');
    expect(stages).not.toContain('stage2');
  });

  it('finds what reads a job, directly or not', () => {
    const down = withDownstream(graph, ['stage2/fold-1/svd']).map(({ key }) => key);
    expect(down).toContain('stage3/fold-1/haf');
    expect(down).toContain('report');
    expect(down).not.toContain('stage3/fold-1/all_mlp');
  });
});

describe('artifact ids', () => {
  it('are the same for the same recipe', async () => {
    expect(finalId(await planOf(testConfig()))).toBe(finalId(await planOf(testConfig())));
  });

  it('change only from the stage that reads the changed setting on', async () => {
    const before = await planOf(testConfig());
    const after = await planOf(testConfig({ align: { tauSv: 0.1 } }));
    expect(stagesThatDiffer(before, after)).toEqual([
      'stage2',
      'stage3',
      'evaluate',
      'latent',
      'aggregate',
      'report',
    ]);
  });

  it('change with the content of a file, not with where it lies', async () => {
    const before = await planOf(testConfig());
    expect(stagesThatDiffer(before, await planOf(testConfig(), 'blood.csv'))[0]).toBe('tables');
    const embeds = (await planOf(testConfig(), 'tma/HE.npz'))
      .filter(({ node }) => node.stage === 'embed')
      .map(({ id }) => id);
    const same = embeds.filter((id) => before.some((job) => job.id === id));
    expect(same).toHaveLength(1);
  });

  it('give every seed results of its own but share the data', async () => {
    const differing = stagesThatDiffer(await planOf(testConfig()), await planOf(testConfig({ seed: 1 })));
    expect(differing).toContain('stage1');
    expect(differing).not.toContain('preprocess');
  });
});

describe('the reasons of a plan', () => {
  it('name the settings, inputs and files that changed', async () => {
    const before = await planOf(testConfig());
    const recipes = new Map(before.map(({ node, recipe }) => [node.key, recipe]));
    const after = await planOf(testConfig({ align: { tauSv: 0.1 } }), 'blood.csv');
    const why = Object.fromEntries(summarisePlan(after, recipes).map((stage) => [stage.stage, stage.why]));
    expect(why.tables).toBe('file blood.csv has other content');
    expect(why.stage2).toContain('align.tauSv: 1 -> 0.1');
    expect(why.cohort).toBe('input tables changed');
    const table = after.find(({ node }) => node.stage === 'tables');
    const old = recipes.get('tables');
    expect(table && old && recipeChanges(old, table.recipe)).toEqual(['file blood.csv has other content']);
  });

  it('say when a job was never computed', async () => {
    const [first] = summarisePlan(await planOf(testConfig()), new Map());
    expect(first).toMatchObject({ stage: 'embed', jobs: 2, cached: 0, why: 'not computed yet' });
  });
});
