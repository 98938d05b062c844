import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig, type LoadOptions } from '../../src/pipeline/config/load.js';
import { HafError } from '../../src/pipeline/core/errors.js';

function failure(options: LoadOptions): HafError {
  try {
    loadConfig(options);
  } catch (error) {
    if (error instanceof HafError) return error;
    throw error;
  }
  throw new Error('the experiment was accepted');
}
const problems = (text: string, set: readonly string[] = []): readonly string[] =>
  failure({ text, set }).context.problems as readonly string[];

describe('loading an experiment', () => {
  it('fills in every default', () => {
    const { config, warnings, file } = loadConfig({ text: 'name: demo' });
    expect(config).toMatchObject({ name: 'demo', seed: 5678, cv: { folds: 10 }, align: { lambdaPD: 0.01 } });
    expect({ warnings, file }).toEqual({ warnings: [], file: null });
  });

  it('takes a section whose keys are all commented out as all defaults', () => {
    const { config } = loadConfig({ text: 'name: demo\nalign:\ndata:\n  modalities:\n    WSI: # nothing\n' });
    expect(config.align.tauSv).toBe(1);
    expect(config).toEqual(loadConfig({ text: 'name: demo' }).config);
    expect(config.data.modalities['WSI']).toMatchObject({ kind: 'bag', files: 'wsi/**/*.h5', width: 1024 });
  });

  it('keeps modalities in the order of their slots, and lists all that are declared when none are', () => {
    expect(loadConfig({ text: 'name: demo\nmodalities: [Blood, TMA, WSI]' }).config.modalities).toEqual([
      ...['Blood', 'TMA', 'WSI'],
    ]);
    const { config } = loadConfig({
      text: 'name: demo\ndata: { modalities: { RNA: { kind: table, file: rna.csv } } }',
    });
    expect(config.modalities).toEqual(['WSI', 'TMA', 'Clin', 'Path', 'Blood', 'ICD', 'Cell', 'RNA']);
  });

  it('says which file is missing', () => {
    const error = failure({ file: 'no/such.yaml' });
    expect(error.code).toBe('HAF_CONFIG_MISSING');
    expect(error.exitCode).toBe(78);
    expect(error.what).toContain('no/such.yaml does not exist');
  });

  it('warns of methods whose modality the experiment lacks: their rows are skipped', () => {
    const text =
      'name: demo\nmodalities: [TMA, Clin]\ncohort: { require: [] }\nmethods: [haf, blood, clip, clinical]';
    expect(loadConfig({ text }).warnings).toEqual([
      'Method "blood" is skipped: it needs the table Blood, which the experiment does not have (tables: Clin).',
      'Method "clip" is skipped: it needs the modality WSI (clip.anchor), which the experiment does not have (modalities: TMA, Clin).',
    ]);
  });

  it('suggests the method that a name of an undeclared modality may mean', () => {
    const { warnings } = loadConfig({ text: 'name: demo\nmethods: [haf, table-Blod, table-RNA, mil-Clin]' });
    expect(warnings).toHaveLength(3);
    expect(warnings[0]).toMatch(/^Method "table-Blod" is skipped: .* Did you mean "table-Blood"\?$/);
    for (const other of warnings.slice(1)) expect(other).not.toContain('mean');
  });

  it('says where a key of this name is', () => {
    expect(problems('name: demo\nepochs: 3')).toEqual([
      'experiment:2:1 epochs: unknown key; did you mean train.epochs?',
    ]);
    expect(problems('name: demo\ntrain: { dropout: 1 }')[0]).toMatch(
      /unknown key; the keys here are epochs, .*; did you mean mil\.dropout or fusion\.dropout/,
    );
  });

  it('warns when early stopping or the plateau can never happen', () => {
    const { warnings } = loadConfig({ text: 'name: demo', set: ['train.epochs=10', 'train.patience=10'] });
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toContain('train.plateauPatience (15)');
    expect(warnings[1]).toContain('train.epochs (10)');
  });
});

describe('the folder of the cohort', () => {
  const folder = mkdtempSync(join(tmpdir(), 'haf-config-'));
  const file = join(folder, 'experiment.yaml');
  writeFileSync(file, 'name: demo\ndata: { root: cohort }\n');

  it('is relative to the file in data.root, and to the working directory in --data', () => {
    expect(loadConfig({ file: relative('.', file) }).dataRoot).toBe(join(folder, 'cohort'));
    expect(loadConfig({ file, dataRoot: 'elsewhere' }).dataRoot).toBe(resolve('elsewhere'));
  });

  it('is null when nobody names one, and never part of the configuration', () => {
    expect(loadConfig({ text: 'name: demo' }).dataRoot).toBeNull();
    expect(loadConfig({ file }).config.data.root).toBeNull();
  });
});

describe('overrides', () => {
  it('are read as YAML: numbers, lists, null and text', () => {
    const set = ['train.epochs=60', 'methods=[haf, ga]', 'data.splits=null', 'name=other'];
    const { config } = loadConfig({ text: 'name: demo\nmethods: [drop]', set });
    expect(config.train.epochs).toBe(60);
    expect(config.methods).toEqual(['haf', 'ga']);
    expect(config.data.splits).toBeNull();
    expect(config.name).toBe('other');
  });

  it('lets the last of two win, and reaches into a section left empty', () => {
    const { config } = loadConfig({ text: 'name: demo\nalign:\n', set: ['align.tauSv=2', 'align.tauSv=3'] });
    expect(config.align.tauSv).toBe(3);
  });

  it('are named in the problems they cause', () => {
    const set = ['train.epoch=60', 'cv.folds=1', 'seed', 'seed.x=1', 'methods.0=ga', 'fusion.hidden=[1'];
    expect(problems('name: demo\nseed: 1\nmethods: [haf]', set)).toEqual([
      '--set seed expected key=value, for example --set train.epochs=60',
      '--set seed.x=1 "seed" holds a single value, so it has no key "x"',
      '--set methods.0=ga "methods" is a list; give all of it, for example --set methods=[a,b]',
      expect.stringMatching(/^--set fusion\.hidden=\[1 the value is not valid YAML: /),
      '--set cv.folds=1 cv.folds: expected a whole number at least 2, found 1',
      '--set train.epoch=60 train.epoch: unknown key; did you mean "epochs"?',
    ]);
  });

  it('take a glob as it is, where a file has to quote it', () => {
    const { config } = loadConfig({ text: 'name: demo', set: ['data.modalities.WSI.files=*.h5'] });
    expect(config.data.modalities['WSI']).toMatchObject({ files: '*.h5' });
    expect(problems('name: demo\ndata: { modalities: { WSI: { files: *.h5 } } }')[0]).toContain(
      'begins with "*" needs quotes',
    );
  });

  it('reach one key of a modality, also of one that the layout declares', () => {
    const { config } = loadConfig({ text: 'name: demo', set: ['data.modalities.WSI.width=64'] });
    expect(config.data.modalities['WSI']).toMatchObject({
      files: 'wsi/**/*.h5',
      patient: 'hancock',
      width: 64,
    });
    expect(config.data.modalities['TMA']).toMatchObject({ width: 1024 });
    expect(problems('name: demo', ['data.modalities.WSI.width=wide'])).toEqual([
      '--set data.modalities.WSI.width=wide data.modalities.WSI.width: expected a whole number above 0, found "wide"',
    ]);
  });

  it('cannot reach the prototype of objects', () => {
    expect(problems('name: demo', ['__proto__.polluted=1'])[0]).toContain('unknown key');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('problems of an experiment', () => {
  it('are all listed at once, in file order, with line and column', () => {
    const text = [
      'name: Hello World',
      'methods: [haf, hap]',
      'align:',
      '  tauSV: 1',
      '  width: 1.5',
      'train: { lr: fast, dropout: 1 }',
      'bag: 3',
    ].join('\n');
    expect(problems(text)).toEqual([
      'experiment:1:1 name: use lower-case letters, digits and hyphens, found "Hello World"',
      'experiment:2:16 methods[1]: there is no method "hap"; did you mean "haf"?',
      'experiment:4:3 align.tauSV: unknown key; did you mean "tauSv"?',
      'experiment:5:3 align.width: expected a whole number above 0, found 1.5',
      'experiment:6:10 train.lr: expected a number above 0, found "fast"',
      expect.stringMatching(
        /^experiment:6:20 train\.dropout: unknown key; the keys here are epochs, batch, /,
      ),
      'experiment:7:1 bag: expected a section with keys of its own, found 3',
    ]);
  });

  it('say what is expected of lists, ranges and choices', () => {
    const set = ['cohort.includeSites=[a]', 'mil.dropout=1', 'methods=[]', 'tabular.clip=2', 'data.splits=4'];
    const messages = problems('name: demo', set).map((problem) => problem.replace(/^--set \S+ /, ''));
    expect(messages.sort()).toEqual([
      'cohort.includeSites: expected "all" or a list of whole numbers at least 0, found the list ["a"]',
      'data.splits: expected text or null, found 4',
      'methods: expected a list of one or more values, found the list []',
      'mil.dropout: expected a number at least 0 and below 1, found 1',
      'tabular.clip: expected true or false, found 2',
    ]);
  });

  it('count a missing name, also in an empty file', () => {
    expect(problems('')).toEqual(['experiment:1:1 name: missing; expected text']);
  });

  it('include syntax errors and duplicate keys with their line', () => {
    expect(problems('name: demo\nseed: 1\nseed: 2\n')).toEqual([
      'experiment:3:1 this key is already set above in the same section',
    ]);
    expect(problems('name: demo\nalign: {\n')[0]).toMatch(/^experiment:\d+:\d+ not valid YAML: /);
    expect(problems('- a\n- b\n')[0]).toContain('expected keys and values');
  });
});

describe('rules across sections', () => {
  const all = 'name: demo\nmodalities: [TMA, Clin]\ncohort: { require: [] }\n';

  it('refuse methods of which none has its modality', () => {
    expect(problems(`${all}methods: [blood, wsi_clam]`)).toEqual([
      'experiment:4:1 methods: none of the methods can run: "blood" needs the table Blood, which the experiment does not have (tables: Clin); "wsi_clam" needs the bag WSI, which the experiment does not have (bags: TMA)',
    ]);
  });

  it('refuse to require a modality that is not used', () => {
    expect(problems('name: demo\nmodalities: [TMA, Clin]')).toEqual([
      'experiment:1:1 cohort.require[0]: WSI is required of every patient, but the experiment uses TMA, Clin; take it out of cohort.require (docs/method.md 1.3)',
    ]);
  });

  it('refuse a filter by site without the table that holds sites', () => {
    expect(problems(all, ['cohort.includeSites=[2]'])[0]).toContain('needs modality Path');
  });

  it('refuse a fixed test set without its file', () => {
    expect(problems('name: demo', ['cv.mode=fixedTest'])[0]).toContain('fixedTest needs data.splits');
    expect(() =>
      loadConfig({ text: 'name: demo', set: ['cv.mode=fixedTest', 'data.splits=s.json'] }),
    ).not.toThrow();
  });

  it('refuse to draw the folds of a split file again, or to cut its test patients in two', () => {
    const file = 'data.splits=s.json';
    expect(problems('name: demo', [file, 'cv.repeats=2'])).toEqual([
      '--set cv.repeats=2 cv.repeats: the folds of data.splits cannot be drawn again; set cv.repeats: 1, or data.splits: null',
    ]);
    expect(problems('name: demo', [file, 'cv.validation=halfOfTest'])[0]).toContain(
      'data.splits names all test patients',
    );
    const fixed = [file, 'cv.mode=fixedTest', 'cv.repeats=2'];
    expect(loadConfig({ text: 'name: demo', set: fixed }).config.cv.repeats).toBe(2);
    const drawn = ['cv.validation=halfOfTest', 'cv.repeats=2'];
    expect(loadConfig({ text: 'name: demo', set: drawn }).config.cv.validation).toBe('halfOfTest');
  });

  it.each([
    ['detach=false', 'no gradient passes between stages'],
    ['mil.wInstAgain=0.5', 'share Stage 1'],
    ['pool.detach=false', 'no gradient passes between stages'],
    ['pool.imageLoss=false', 'learns only from the image loss'],
    ['pool.tauSv=0.1', 'share Stage 2'],
    ['pool.tauPd=0.1', 'share Stage 2'],
    ['pool.lambdaPD=0', 'share Stage 2'],
    ['mdlm.detach=false', 'no gradient passes between stages'],
  ])('refuse %s unless all stages are trained together', (set, why) => {
    const [problem, ...others] = problems('name: demo', [set]);
    expect(problem).toMatch(new RegExp(`: this value needs schedule: joint; .*${why}`));
    expect(others).toEqual([]);
    expect(() => loadConfig({ text: 'name: demo\nschedule: joint', set: [set] })).not.toThrow();
  });

  it('refuse an MDLM of frozen layers without images, where it is asked for', () => {
    const tables =
      'name: demo\nmodalities: [Clin, Blood]\ncohort: { require: [] }\nmdlm: { combine: frozenConcat }\n';
    expect(problems(`${tables}methods: [haf, mdlm]`)).toEqual([
      expect.stringContaining('mdlm.combine: frozenConcat learns from bags only'),
    ]);
    expect(() => loadConfig({ text: `${tables}methods: [haf]` })).not.toThrow();
    expect(() =>
      loadConfig({ text: `${tables}methods: [mdlm]`, set: ['modalities=[TMA, Clin]'] }),
    ).not.toThrow();
  });

  it('wants a CLIP scale that starts below its bound', () => {
    // A start value of the scale (1 / temperature) that equals `maxScale` is refused as well, because training could
    // not increase the scale.
    expect(problems('name: demo\nclip: { maxScale: 10, temperature: 0.1 }\n')).toEqual([
      expect.stringContaining('must be above 1 / clip.temperature, 10.0'),
    ]);
    expect(problems('name: demo\nclip: { maxScale: 10 }\n')).toEqual([
      expect.stringContaining('clip.maxScale: must be above 1 / clip.temperature, 14.3'),
    ]);
    expect(() =>
      loadConfig({ text: 'name: demo\nclip: { maxScale: 10, temperature: 0.5 }\n' }),
    ).not.toThrow();
  });

  it('refuse to compare a method with itself, or twice', () => {
    expect(problems('name: demo', ['stats.against=[ps3, haf, ps3]'])).toEqual([
      expect.stringContaining('stats.against[2]: "ps3" is listed twice'),
      expect.stringContaining('stats.against[1]: "haf" is stats.reference'),
    ]);
  });

  it('refuse WSI without primary slides', () => {
    expect(problems('name: demo', ['data.modalities.WSI.sources=[lymph]'])[0]).toContain('needs "primary"');
  });

  it('refuse items listed twice, and are told beside problems of other keys', () => {
    expect(problems(`${all}methods: [haf, blod, haf]`).map((problem) => problem.split(' ')[1])).toEqual([
      'methods[1]:',
      'methods[2]:',
    ]);
  });
});
