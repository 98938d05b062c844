import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { paperMethodIds as methodIds } from '../../src/operators/paper/paper-results.js';
import { loadConfig, type LoadedConfig } from '../../src/pipeline/config/load.js';
import { configReference, configTemplate, configYaml } from '../../src/pipeline/config/print.js';
import { configJsonSchema, schemaKeys } from '../../src/pipeline/config/schema-tree.js';

const repository = resolve(import.meta.dirname, '../..');

describe('the keys of an experiment', () => {
  it('each carry a description', () => {
    const keys = schemaKeys(configJsonSchema());
    expect(keys.length).toBeGreaterThan(60);
    expect(keys.filter(({ node }) => !node.description).map(({ path }) => path.join('.'))).toEqual([]);
  });

  it('all have a default but the name', () => {
    const leaves = schemaKeys(configJsonSchema()).filter(({ node }) => !node.properties);
    const without = leaves.filter(({ node }) => node.default === undefined);
    expect(without.map(({ path }) => path.join('.'))).toEqual(['name']);
  });
});

describe('the resolved experiment as YAML', () => {
  it('reads back as the same experiment', () => {
    const set = [
      'methods=[haf, blood]',
      'cohort.includeSites=[2, 3]',
      'train.lr=1e-3',
      'data.tma.files="a #b: *.npz"',
    ];
    const { config } = loadConfig({ text: 'name: demo', set });
    expect(loadConfig({ text: configYaml(config) }).config).toEqual(config);
  });
});

describe('the template of init', () => {
  it('is an experiment with the defaults', () => {
    const { config, dataRoot } = loadConfig({ text: configTemplate() });
    expect(config).toEqual(loadConfig({ text: 'name: my-experiment' }).config);
    expect(dataRoot).toBe(resolve('data'));
  });

  it('shows every key, and stays valid when all of them are uncommented', () => {
    const uncommented = configTemplate()
      .split('\n')
      .slice(2)
      .map((line) => line.replace(/^( *)# /, '$1'))
      .join('\n');
    expect(loadConfig({ text: uncommented }).config).toEqual(loadConfig({ text: configTemplate() }).config);
    for (const { path } of schemaKeys(configJsonSchema())) expect(uncommented).toContain(`${path.at(-1)}: `);
  });
});

describe('the reference of the configuration', () => {
  it('in docs/ is the one the schema gives', () => {
    expect(readFileSync(`${repository}/docs/configuration.md`, 'utf8')).toBe(configReference());
  });
});

describe('the examples', () => {
  const names = readdirSync(`${repository}/examples`).map((file) => file.replace(/\.yaml$/, ''));
  const example = (name: string): LoadedConfig => loadConfig({ file: `${repository}/examples/${name}.yaml` });

  it.each(names)('%s loads without warnings', (name) => {
    const { config, warnings } = example(name);
    expect(config.name).toBe(name);
    expect(warnings).toEqual([]);
  });

  it.each(['paper', 'synthetic-paper'])('%s asks for every method there is', (name) => {
    expect(example(name).config.methods).toEqual(methodIds);
  });

  it('hancock-tables asks for every method that needs no slides', () => {
    const needSlides = ['wsi_clam', 'wsi_tma_clam', 'wsi_tma_mlp', 'clip', 'clip_drop'];
    const without = methodIds.filter((id) => !needSlides.includes(id));
    expect(example('hancock-tables').config.methods).toEqual(without);
  });

  it('paper is the paper: its defaults, but for the places of files', () => {
    const { config } = example('paper');
    const { config: defaults } = loadConfig({ text: 'name: paper' });
    expect({ ...config, methods: defaults.methods, data: defaults.data }).toEqual(defaults);
    expect(config.cohort.require).toEqual(['WSI', 'TMA']);
  });
});
