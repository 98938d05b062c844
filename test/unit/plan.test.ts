import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/pipeline/config/schema.js';
import { buildGraph } from '../../src/pipeline/graph.js';
import { upstreamOf, withDownstream } from '../../src/pipeline/graph-jobs.js';
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

  it('of what does not read a table stay when the table changes or another one is added', async () => {
    const rules = { cohort: { require: ['TMA'] }, methods: ['haf', 'blood', 'tma_clam', 'mil-TMA'] };
    const before = await planOf(testConfig(rules));
    const changed = (after: Plan): string[] =>
      before
        .filter(({ node, id }) => after.find((other) => other.node.key === node.key)?.id !== id)
        .map(({ node }) => node.key);
    const other = changed(await planOf(testConfig(rules), 'blood.csv'));
    for (const same of [
      'tables/Clin',
      'cohort',
      'split',
      'preprocess/fold-0/Clin',
      'stage1/fold-0/TMA',
      'stage3/fold-0/tma_clam',
    ])
      expect(other).not.toContain(same);
    for (const differs of [
      'tables/Blood',
      'preprocess/fold-1/Blood',
      'stage2/fold-0/svd',
      'stage3/fold-0/blood',
    ])
      expect(other).toContain(differs);
  });

  it('of what does not read a modality stay when one is added', async () => {
    const rules = {
      cohort: { require: ['TMA'] },
      methods: ['haf', 'blood', 'tma_clam', 'mil-TMA', 'mil-all', 'bags_mlp'],
    };
    const before = await planOf(testConfig(rules));
    const config = testConfig({
      ...rules,
      modalities: ['TMA', 'Clin', 'Blood', 'RNA'],
      data: { modalities: { RNA: { kind: 'table', file: 'rna.csv' } } },
    });
    const files = testFiles();
    const rna = { role: 'table', name: 'rna.csv', path: '/nowhere/rna.csv', sha256: 'ab'.repeat(32) };
    const tables = [...files.tables, { modality: 'RNA', sources: [rna] }];
    const after = await makePlan(buildGraph(config, { ...files, tables }), config, store);
    const differ = before.filter(({ id }) => !after.some((job) => job.id === id));
    expect(new Set(differ.map(({ node }) => node.key.replace(/fold-\d/, 'fold-*')))).toEqual(
      new Set([
        ...['stage2/fold-*/svd', 'stage3/fold-*/haf', 'evaluate/fold-*/haf', 'latent/fold-*/svd'],
        ...['aggregate', 'report'],
      ]),
    );
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
    // The stage has a job for each table. The clinical table has not changed, but its job has never been computed.
    expect(why.tables).toBe(
      'its result is gone from the store or was never finished; file blood.csv has other content',
    );
    expect(why.stage2).toContain('align.tauSv: 1 -> 0.1');
    expect(why.outcome).toBe('its result is gone from the store or was never finished');
    // The modality TMA decides who belongs to the cohort. So the changed table affects only the jobs that read it.
    expect(why.cohort).toBe('its result is gone from the store or was never finished');
    expect(why.preprocess).toContain('input tables changed');
    const table = after.find(({ node }) => node.key === 'tables/Blood');
    const old = recipes.get('tables/Blood');
    expect(table && old && recipeChanges(old, table.recipe)).toEqual(['file blood.csv has other content']);
  });

  it('say when a job was never computed', async () => {
    const [first] = summarisePlan(await planOf(testConfig()), new Map());
    expect(first).toMatchObject({ stage: 'embed', jobs: 2, cached: 0, why: 'not computed yet' });
  });
});
