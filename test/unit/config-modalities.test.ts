import { describe, expect, it } from 'vitest';
import { loadConfig, type LoadedConfig } from '../../src/pipeline/config/load.js';
import type { ConfigInput } from '../../src/pipeline/config/schema.js';
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

type Data = NonNullable<ConfigInput['data']>;
const outcome = {
  file: 'clini.csv',
  event: { column: 'STATUS', positive: [1], negative: [0] },
} as const;
const table = { kind: 'table', file: 'rna.csv' } as const;
const bag = { kind: 'bag', files: 'uni/*.h5' } as const;
/** An experiment with `layout: own` and these modalities. */
const own = (modalities: Readonly<Record<string, object>>, data: object = {}, rest: object = {}): object => ({
  ...rest,
  data: { layout: 'own', outcome, modalities, ...data },
});

describe('the name of a modality', () => {
  it('is a letter, then letters, digits, "_" or "-"', () => {
    for (const name of ['RNA', 'rna-seq_2', 'x']) expect(problems(own({ [name]: table })), name).toEqual([]);
    for (const name of ['2D', 'a b', 'a/b', 'a.b', '_a', 'Größe', '']) {
      const found = problems(own({ [name]: table }));
      expect(found, name).toHaveLength(1);
      expect(found[0], name).toContain('the name of a modality is a letter');
    }
  });

  it('differs from the others not only in upper and lower case', () => {
    expect(problems(own({ RNA: table, Clin: table, rna: table }))).toEqual([
      'data.modalities.rna: differs from "RNA" in upper and lower case only; give it another name',
    ]);
    // A modality that an experiment adds to HANCOCK is also compared with the names of HANCOCK's own modalities.
    expect(problems({ data: { modalities: { blood: table } } })).toEqual([
      'data.modalities.blood: differs from "Blood" in upper and lower case only; give it another name',
    ]);
  });

  it.each(['union', 'All', 'mask', 'PROBE', 'query', 'output', 'frozen'])(
    'is not %s, which has a meaning',
    (name) => {
      expect(problems(own({ [name]: table }))).toEqual([
        `data.modalities.${name}: "${name}" is reserved by the program; give it another name`,
      ]);
    },
  );

  it('is no name of the prototype of objects', () => {
    expect(problems(own({ RNA: table }, {}, { modalities: ['constructor'] }))).toEqual([
      'modalities[0]: "constructor" is not declared in data.modalities; declared are RNA',
    ]);
  });
});

describe('the kind of a modality', () => {
  it('is table or bag, with the word that was most likely meant', () => {
    expect(problems(own({ RNA: { ...table, kind: 'tabel' } }))).toEqual([
      'data.modalities.RNA.kind: expected one of table, bag, found "tabel"; did you mean "table"?',
    ]);
    expect(problems(own({ RNA: { ...table, kind: 'image' } }))).toEqual([
      'data.modalities.RNA.kind: expected one of table, bag, found "image"',
    ]);
    expect(problems(own({ RNA: { file: 'rna.csv' } }))).toEqual([
      'data.modalities.RNA.kind: missing; expected one of table, bag',
    ]);
  });

  it('says which keys there are', () => {
    expect(problems(own({ RNA: { ...table, widht: 3 } }))).toEqual([
      expect.stringMatching(/^data\.modalities\.RNA\.widht: unknown key; .*file.*columns/),
    ]);
    expect(problems(own({ S: { ...bag, widht: 3 } }))).toEqual([
      'data.modalities.S.widht: unknown key; did you mean "width"?',
    ]);
    expect(problems(own({ RNA: { kind: 'table' } }))).toEqual([
      expect.stringMatching(/^data\.modalities\.RNA\.file: missing; expected text or a list/),
    ]);
    expect(problems(own({ RNA: { ...table, others: 'numerc' } }))).toEqual([
      'data.modalities.RNA.others: expected one of infer, numeric, nominal, ignore, found "numerc"; did you mean "numeric"?',
    ]);
  });
});

describe('the modalities an experiment uses', () => {
  const two = { RNA: table, Slides: bag };

  it('are declared, with the name that was most likely meant', () => {
    expect(problems(own(two, {}, { modalities: ['RNA', 'Slidse'] }))).toEqual([
      'modalities[1]: "Slidse" is not declared in data.modalities; did you mean "Slides"?',
    ]);
    expect(problems(own(two, {}, { modalities: ['Proteins', 'RNA'] }))).toEqual([
      'modalities[0]: "Proteins" is not declared in data.modalities; declared are RNA, Slides',
    ]);
    expect(problems(own(two, {}, { modalities: ['RNA', 'RNA'] }))).toEqual([
      expect.stringContaining('modalities[1]: "RNA" is listed twice'),
    ]);
  });

  it('are at least one', () => {
    expect(problems(own({}))).toContain(
      'data.modalities: no modality is declared; data.layout: own needs at least one (docs/own-cohort.md)',
    );
  });

  it('are what clip.anchor, mfmf.sequence, mfmf.target and cohort.require can name', () => {
    expect(problems(own(two, {}, { clip: { anchor: 'Slide' } }))).toEqual([
      'clip.anchor: "Slide" is not declared in data.modalities; did you mean "Slides"?',
    ]);
    expect(problems(own(two, {}, { mfmf: { target: 'RNA' } }))).toEqual([
      'mfmf.target: "RNA" is a table; MFMF attends to bags',
    ]);
    expect(problems(own(two, {}, { mfmf: { sequence: ['Slides', 'Cores'] } }))).toEqual([
      'mfmf.sequence[1]: "Cores" is not declared in data.modalities; declared are Slides',
    ]);
    expect(problems(own(two, {}, { cohort: { require: ['WSI'] } }))).toEqual([
      expect.stringContaining(
        'cohort.require[0]: WSI is required of every patient, but the experiment uses RNA, Slides',
      ),
    ]);
    const { config } = load(own(two, {}, { clip: { anchor: 'RNA' }, mfmf: { target: 'Slides' } }));
    expect([config.clip.anchor, config.mfmf.target]).toEqual(['RNA', 'Slides']);
    // No default of HANCOCK's modalities applies to other cohorts.
    expect(load(own(two)).config).toMatchObject({
      clip: { anchor: null },
      mfmf: { sequence: null, target: null },
      cohort: { require: [] },
      modalities: ['RNA', 'Slides'],
    });
  });
});

describe('the files of a bag', () => {
  it('are given, in one way', () => {
    expect(problems(own({ S: { kind: 'bag' } }))).toEqual([
      'data.modalities.S: a bag needs files: set files, slides or images to a glob',
    ]);
    const encoder = { embed: { encoder: { standIn: true } } };
    expect(problems(own({ S: { ...bag, images: '*.png' } }, {}, encoder))).toEqual([
      'data.modalities.S.images: there are files and images; keep one of them',
    ]);
    expect(problems(own({ S: { kind: 'bag', slides: '*.svs', images: '*.png' } }, {}, encoder))).toEqual([
      'data.modalities.S.images: there are slides and images; keep one of them',
    ]);
    // Images that a HANCOCK experiment names take the place of the feature files of the layout.
    expect(problems({ data: { modalities: { WSI: { slides: '*.svs' } } }, ...encoder })).toEqual([]);
  });

  it('say whose they are by a pattern with a group for the patient', () => {
    const by = (pattern: string): readonly string[] => problems(own({ S: { ...bag, patient: { pattern } } }));
    expect(by('^(?<patient>TCGA-\\w\\w-\\w{4})')).toEqual([]);
    expect(by('^(?<slide>x)|(?<patient>y)')).toEqual([]);
    expect(by('^(TCGA-\\w\\w)')).toEqual([
      'data.modalities.S.patient.pattern: has no group that says which part is the id; write it as (?<patient>...)',
    ]);
    expect(by('^(?<case>TCGA)')).toEqual([
      expect.stringContaining('has no group that says which part is the id'),
    ]);
    expect(by('(?<patient>')).toEqual([
      expect.stringMatching(/^data\.modalities\.S\.patient\.pattern: is not a regular expression: /),
    ]);
  });

  it('or by a table with its column of files', () => {
    expect(problems(own({ S: { ...bag, patient: { table: 's.csv', file: 'FILE' } } }))).toEqual([]);
    const [problem, ...others] = problems(own({ S: { ...bag, patient: { table: 's.csv' } } }));
    expect(problem).toMatch(/^data\.modalities\.S\.patient/);
    expect(others).toEqual([]);
  });

  it('are slides one by one; sources are of names as HANCOCK has them', () => {
    const encoder = { embed: { encoder: { standIn: true } } };
    expect(problems(own({ S: { kind: 'bag', slides: '*.svs', group: 'patient' } }, {}, encoder))).toEqual([
      'data.modalities.S.group: slides are processed one by one; group: patient is for images',
    ]);
    expect(problems(own({ S: { ...bag, sources: ['primary'] } }))).toEqual([
      'data.modalities.S.sources: works only with names of files as HANCOCK has them; set patient: hancock, or leave sources out',
    ]);
  });

  it('need an encoder when they are images, of modalities that are used', () => {
    const images = own({ S: { kind: 'bag', images: '*.png' }, RNA: table });
    expect(problems(images)).toEqual([
      expect.stringMatching(/^data\.modalities\.S\.images: images need an encoder/),
    ]);
    expect(problems({ ...images, modalities: ['RNA'] })).toEqual([]);
    // No encoder is needed for new patients, because the encoder of the trained model encodes them.
    expect(() =>
      loadConfig({ text: JSON.stringify({ name: 'demo', ...images }), encoderOfModel: true }),
    ).not.toThrow();
  });
});

describe('the outcome', () => {
  it('is declared', () => {
    expect(problems(own({ RNA: table }, { outcome: undefined }))).toEqual([
      expect.stringMatching(
        /^data\.outcome: missing; name the outcome, for example \{ file: clini\.csv, event: /,
      ),
    ]);
  });

  it('is no value that is positive and negative', () => {
    const event = (positive: readonly unknown[], negative: readonly unknown[]): Data['outcome'] =>
      ({ ...outcome, event: { column: 'STATUS', positive, negative } }) as Data['outcome'];
    expect(problems(own({ RNA: table }, { outcome: event(['dead', 'DOD'], ['alive', 'dead']) }))).toEqual([
      'data.outcome.event.negative: "dead" is already one of the positive values',
    ]);
    // A number in the YAML file and a text in a table cell are the same value.
    expect(problems(own({ RNA: table }, { outcome: event([1], ['1']) }))).toEqual([
      'data.outcome.event.negative: "1" is already one of the positive values',
    ]);
    expect(problems(own({ RNA: table }, { outcome: event([], [0]) }))).toEqual([
      'data.outcome.event.positive: expected a list of one or more values, found the list []',
    ]);
  });

  it('has a time where the label needs one, in a unit there is', () => {
    expect(problems(own({ RNA: table }, {}, { cohort: { label: 'landmark' } }))).toEqual([
      'cohort.label: landmark needs times: set data.outcome.time',
    ]);
    const time = { column: 'T', unit: 'fortnights' };
    expect(problems(own({ RNA: table }, { outcome: { ...outcome, time } }))).toEqual([
      'data.outcome.time.unit: expected one of days, weeks, months, years, found "fortnights"',
    ]);
  });
});

describe("with data.layout: own, HANCOCK's words", () => {
  const two = own({ Blood: table, WSI: bag });

  it.each([
    ['wsi_clam', 'mil-WSI'],
    ['blood', 'table-Blood'],
    ['wsi_tma_clam', 'mil-all'],
    ['wsi_tma_mlp', 'bags_mlp'],
  ])('of methods are refused, with the name of the family: %s', (alias, family) => {
    const [problem, ...others] = problems({ ...two, methods: ['haf', alias] });
    expect(others).toEqual([]);
    expect(problem).toMatch(
      new RegExp(`^methods\\[1\\]: "${alias}" is one of HANCOCK's method names; .*\\b${family}\\b`),
    );
    expect(problems({ ...two, methods: ['haf', family] })).toEqual([]);
    // Method names in `stats.against` are checked as well.
    expect(problems({ ...two, stats: { against: [alias] } })[0]).toMatch(
      /^stats\.against\[0\]: .* HANCOCK's/,
    );
  });

  it('of methods mean what they mean with data.layout: hancock', () => {
    expect(problems({ methods: ['wsi_clam', 'mil-TMA', 'table-ICD'] })).toEqual([]);
  });

  it('of rules are refused', () => {
    expect(problems({ ...two, cohort: { includeSites: [2] } })).toEqual([
      'cohort.includeSites: selects by a column of HANCOCK; it needs data.layout: hancock',
    ]);
    expect(problems({ ...two, cohort: { label: 'tumorSpecific' } })).toEqual([
      'cohort.label: tumorSpecific reads a column of HANCOCK; list the values that count as the event in data.outcome.event.positive',
    ]);
  });

  it('of presets set nothing that the cohort does not have', () => {
    const { config } = load({ ...two, preset: 'reference', schedule: 'joint' });
    expect(config.cohort.includeSites).toBe('all');
    expect(config.data.modalities['WSI']).toMatchObject({ sources: null });
  });
});
