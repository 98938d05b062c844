import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { paperMethodIds as methodIds } from '../../src/operators/paper/paper-results.js';
import { loadConfig, type LoadedConfig } from '../../src/pipeline/config/load.js';
import { configReference, configTemplate, configYaml } from '../../src/pipeline/config/print.js';
import { configJsonSchema, schemaKeys } from '../../src/pipeline/config/schema-tree.js';

/** Every way to declare a modality, and words that YAML could take for something else. */
const ownExperiment = `
name: own
modalities: [RNA-seq, Clin, slides]
data:
  layout: own
  patients: { id: [Patient ID, 'CASE:ID'], missing: [NA, 'null', '#N/A'], allowUnmatched: true }
  outcome:
    file: clini.xlsx
    sheet: 'Sheet: 1'
    event: { column: STATUS, positive: [1, yes], negative: [0, 'no'] }
    time: { column: 'Time (months)', unit: months }
    allowPredictors: [Clin.stage]
  modalities:
    Clin:
      kind: table
      file: [clini.xlsx, more.tsv]
      delimiter: "\t"
      decimal: ','
      columns: { Grade: { ordinal: [Well diff, 2, 'NO'] }, Age: numeric, 'T: a': { nominal: [a, b] }, x: ignore }
    RNA-seq: { kind: table, title: gene expression, file: rna.csv, others: numeric, scaler: zscore, select: { topVariance: 20 } }
    slides: { kind: bag, files: 'uni2/*.h5', width: 1536, patient: { table: slides.csv, file: FILENAME } }
    MRI_2: { kind: bag, images: 'mri/**/*.png', patient: { pattern: '^(?<patient>TCGA-\\w\\w-\\w{4})' }, tiling: grid, group: patient }
`;

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
    // Except `name`, the keys without a default are required only inside of an optional section.
    expect(without.map(({ path }) => path.join('.'))).toEqual([
      'name',
      ...['column', 'positive', 'negative', 'words.positive', 'words.negative'].map(
        (key) => `data.outcome.event.${key}`,
      ),
      ...['data.outcome.time.column', 'data.outcome.time.unit'],
      ...['kind', 'file', 'columns.<name>.ordinal', 'columns.<name>.nominal', 'select.topVariance'].map(
        (key) => `data.modalities.<name>.${key}`,
      ),
      ...['cores.table', 'encoder.onnx'].map((key) => `data.modalities.<name>.${key}`),
      ...['pattern', 'table', 'file'].map((key) => `data.modalities.<name>.patient.${key}`),
    ]);
  });
});

describe('the resolved experiment as YAML', () => {
  it('reads back as the same experiment', () => {
    const set = [
      'methods=[haf, blood]',
      'cohort.includeSites=[2, 3]',
      'train.lr=1e-3',
      'data.modalities.TMA.files="a #b: *.npz"',
    ];
    const { config } = loadConfig({ text: 'name: demo', set });
    expect(config.data.modalities['TMA']).toMatchObject({ files: 'a #b: *.npz' });
    expect(loadConfig({ text: configYaml(config) }).config).toEqual(config);
  });

  it('reads back as the same experiment when the cohort is declared', () => {
    const { config } = loadConfig({ text: ownExperiment });
    const text = configYaml(config);
    expect(loadConfig({ text }).config).toEqual(config);
    expect(text).not.toMatch(/HANCOCK'|targets\.csv|survival_status/);
    // The printed text has the keys that the user wrote, and all other keys with their defaults.
    expect(text).toContain('\n    RNA-seq:\n      kind: table # One row per patient.\n');
    expect(text).toMatch(/ {6}others: numeric # Kind of the columns/);
    expect(text).toMatch(/ {6}tiling: null # Images: find the tissue first/);
  });

  it('reads back as the same experiment when HANCOCK has another modality and lacks others', () => {
    const { config } = loadConfig({
      text: 'name: demo\nmodalities: [RNA, WSI]\ncohort: { require: [] }\nclip: { anchor: RNA }\ndata: { modalities: { RNA: { kind: table, file: rna.csv } } }',
    });
    expect(config.modalities).toEqual(['RNA', 'WSI']);
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
    const { config } = loadConfig({ text: configTemplate() });
    expect(loadConfig({ text: uncommented }).config).toEqual(config);
    const keys = schemaKeys(configJsonSchema()).filter(({ path }) => !path.includes('<name>'));
    expect(keys.length).toBeGreaterThan(100);
    for (const { path } of keys) expect(uncommented).toContain(`${path.at(-1)}: `);
    for (const id of config.modalities) expect(uncommented).toContain(`\n    ${id}: {kind: `);
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

  const own = ['haf_signed', 'ridge', 'forest', 'stack'];

  it.each(['paper', 'synthetic-paper'])('%s asks for every method there is', (name) => {
    expect(example(name).config.methods).toEqual([...methodIds, ...own]);
  });

  it('hancock-tables asks for every method of the paper that needs no slides, and for the binary rows of this repository', () => {
    const needSlides = ['wsi_clam', 'wsi_tma_clam', 'wsi_tma_mlp', 'clip', 'clip_drop'];
    const without = methodIds.filter((id) => !needSlides.includes(id));
    expect(example('hancock-tables').config.methods).toEqual([...without, ...own]);
  });

  it('paper is the paper: its defaults, but for the places of files', () => {
    const { config } = example('paper');
    const { config: defaults } = loadConfig({ text: 'name: paper' });
    expect({ ...config, methods: defaults.methods, data: defaults.data }).toEqual(defaults);
    expect(config.cohort.require).toEqual(['WSI', 'TMA']);
  });
});
