import { beforeAll, describe, expect, it } from 'vitest';
import { aggregate } from '../../src/operators/evaluation/aggregate.js';
import { characteristicsOf } from '../../src/operators/report/characteristics.js';
import { modalityColours } from '../../src/operators/report/modality-colours.js';
import { withRunFacts } from '../../src/operators/report/report-data.js';
import { robustnessFile, type Robustness } from '../../src/operators/stage3/robustness-data.js';
import { latentMapFile, type LatentMap } from '../../src/operators/latent/latent-data.js';
import type { TypedTable } from '../../src/operators/tables/typed-table.js';
import { bagsArtifact, cohortArtifact, tableArtifact } from '../support/invented-cohort.js';
import { count, folds, reported } from '../support/invented-report.js';
import {
  deceasedOf,
  evaluatedAll,
  inventedIds,
  inventedOutcome,
  inventedPredictions,
  stage3Artifact,
  type InputArtifact,
} from '../support/invented-results.js';
import type { Changes } from '../support/resolved-config.js';
import { runStage } from '../support/run-stage.js';

const words = { positive: 'relapse', negative: 'no relapse', column: 'RELAPSE' };
const methods = ['drop', 'haf', 'drop_attached', 'mil-WSI', 'table-Clin'];
const config = {
  name: 'own-run',
  methods,
  cv: { folds },
  data: {
    layout: 'own',
    outcome: {
      file: 'clini.csv',
      event: {
        ...{ column: 'RELAPSE', positive: ['1'], negative: ['0'] },
        words: { positive: words.positive, negative: words.negative },
      },
      time: { column: 'MONTHS', unit: 'months' },
    },
    modalities: {
      Clin: { kind: 'table', title: 'clinical data', file: 'clini.csv' },
      RNA: { kind: 'table', file: 'rna.csv' },
      WSI: { kind: 'bag', title: 'tumour slides', files: '*.h5' },
    },
  },
} satisfies Changes;
const ids = inventedIds(count);
const cohort = (): InputArtifact => {
  const made = cohortArtifact(
    ids.map((id) => ({ id, y: inventedOutcome(id), followUpDays: 30.4375 * Number(id) })),
    words,
  );
  const positive = deceasedOf(count);
  const flow = [
    { step: 'labelled', patients: count + 2, positive: positive + 1 },
    { step: 'cohort', patients: count, positive },
  ];
  return { ...made, files: { ...made.files, 'cohort-flow.json': flow } };
};

/** A table of three columns: age in years, grade (G1 to G3), and whether the patient has a mutation. */
const clin: TypedTable = {
  columns: [
    { name: 'Age', kind: 'numeric', inferred: true },
    { name: 'Grade', kind: 'ordinal', categories: ['G1', 'G2', 'G3'], inferred: false },
    { name: 'Mutation', kind: 'binary', categories: ['no', 'yes'], inferred: false },
  ],
  patients: ids,
  cells: Float64Array.from(ids.flatMap((_, i) => [i % 10 === 0 ? NaN : 40 + i, i % 3, i % 2])),
};
const rna: TypedTable = {
  columns: Array.from({ length: 45 }, (_, c) => ({ name: `gene${c}`, kind: 'numeric', inferred: false })),
  patients: ids.slice(0, 50),
  cells: Float64Array.from({ length: 50 * 45 }, (_, i) => i / 7),
};

const textOf = (markup: string): string =>
  markup
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/[\s\u00a0]+/g, ' ')
    .trim();

describe('the report of an own cohort', () => {
  let files: Readonly<Record<string, string>> = {};
  let page = '';
  const section = (title: string): string => {
    const from = page.indexOf(`<h2>${title}</h2>`);
    return from < 0 ? '' : page.slice(from, page.indexOf('</section>', from));
  };
  beforeAll(async () => {
    files = await reported({
      config,
      cohort: cohort(),
      tables: [tableArtifact('Clin', clin), tableArtifact('RNA', rna)],
      bags: [
        bagsArtifact(
          'WSI',
          4,
          Object.fromEntries(
            ids.slice(0, 30).map((id, i) => [id, [{ artifact: 'e', start: 0, rows: i + 1 }]]),
          ),
        ),
      ],
      stage1: [],
    });
    page = files['report.html'] ?? '';
  }, 120_000);

  it('mentions no paper, no survival and nothing of HANCOCK, in no file', () => {
    for (const [name, content] of Object.entries(files)) {
      const text = name === 'report.html' ? content.replaceAll(/<style>[^]*?<\/style>/g, '') : content;
      expect(text, name).not.toMatch(/\bpaper|deceased|living|surviv|HANCOCK|\bdeath|Table \d|Fig\. /i);
      expect(text, name).not.toMatch(/class="paper/);
    }
  });

  it('tells the data on top', () => {
    const top = textOf(page.slice(page.indexOf('<h1>'), page.indexOf('<h2>')));
    const positive = deceasedOf(count);
    expect(top).toContain(`60 of 62 with a known outcome: ${positive} relapse`);
    expect(top).toContain('column RELAPSE of clini.csv; time in column MONTHS (months)');
    expect(top).toContain('clinical data (table, 3 columns; 60 patients)');
    expect(top).toContain('RNA (table, 45 columns; 50 patients)');
    expect(top).toContain('tumour slides (bag; 30 patients)');
    expect(top).toContain('3-fold cross-validation');
  });

  it('leads with the reference method, not with the best one', () => {
    const lead = textOf(page.slice(page.indexOf('class="lead"'), page.indexOf('<h2>')));
    expect(lead).toContain('HAF, the reference method of this experiment');
    expect(page).not.toMatch(/highest AUC/i);
  });

  it('uses the words of the outcome in tables and figures', () => {
    expect(textOf(section('Patients'))).toContain('relapse');
    expect(files['figure-cohort-flow.csv']?.split('\n')[0]).toBe('step,patients,relapse,left_out');
    expect(files['figure-cohort-flow.svg']).toContain('no relapse,');
    expect(files['figure-reliability-haf.svg']).toContain('Share of relapse');
    expect(textOf(section('Folds'))).toContain('relapse');
  });

  it('groups rows by what the methods read, five columns wide', () => {
    const results = section('Results');
    const groups = [...results.matchAll(/scope="rowgroup" colspan="5">([^<]*)</g)].map(([, title]) => title);
    expect(groups).toEqual(['Fusion of modalities', 'One kind of data alone', 'Fusion without detachment']);
    expect(textOf(section('Detachment'))).not.toContain('Paper');
  });

  it('shows the ROC curves of fusion methods unfolded', () => {
    const groups = [...section('ROC curves').matchAll(/<details( open)?>\s*<summary>([^<]*)</g)];
    expect(groups.map(([, open, title]) => [title, open === ' open'])[0]).toEqual([
      'Fusion of modalities (2)',
      true,
    ]);
  });

  it('has the characteristics of the patients, with 30 columns of a wide table', () => {
    const text = textOf(section('Patient characteristics'));
    expect(text).toContain('tumour slides (bag) 30 (50.0 %)');
    expect(text).toContain('instances per patient 15.5 [8.25, 22.8]');
    expect(text).toContain('Follow-up, months 30.5 [15.8, 45.3]');
    expect(text).toContain('Mutation: yes 30 (50.0 %)');
    expect(text).toContain('G2 20 (33.3 %)');
    expect(text).toMatch(/missing 6 \d \d/);
    expect(text).toContain('15 further columns, not listed');
    expect(text).not.toContain('gene30');
    const csv = files['characteristics.csv'] ?? '';
    expect(csv).toContain('Clin,Mutation,yes,all,60,0,30,,,\n');
    expect(csv).toContain('WSI,,,all,60,,30,15.5,8.25,22.75\n');
  });

  it('lists the settings that are not the defaults, without the data', () => {
    const text = textOf(section('Methods'));
    expect(text).toContain('Default settings, schedule staged');
    expect(text).toContain('Settings that differ from the defaults');
    expect(text).toContain('cv.folds 3 10');
    expect(text).not.toContain('data.modalities');
  });

  it('is given its run, date and version where it is placed, and says when patients are invented', () => {
    const facts = { run: 'own-3f9c12', createdAt: '2026-03-04T05:06:07.000Z', codeVersion: '1.2.3' };
    const real = textOf(withRunFacts(page, { ...facts, invented: false }));
    expect(real).toContain('Run own-3f9c12 , started 2026-03-04 05:06 UTC, haf-pipeline 1.2.3');
    expect(real).not.toContain('Invented patients');
    expect(textOf(withRunFacts(page, { ...facts, invented: true }))).toContain('Invented patients.');
  });
});

describe('the summary of an own cohort', () => {
  it('has no column and no line about a paper', async () => {
    const stage3 = ['haf', 'blood'].flatMap((method) =>
      [0, 1, 2].map((fold) => stage3Artifact(method, fold, inventedPredictions(method, fold, folds, count))),
    );
    const own = { ...config, methods: ['haf'] };
    const { output } = await runStage(aggregate, {
      config: own,
      inputs: { cohort: [cohort()], stage3, evaluate: await evaluatedAll(stage3) },
    });
    const text = (name: string): string => new TextDecoder().decode(output.files[name] as Uint8Array);
    for (const name of ['summary.csv', 'summary.md', 'summary.tex'])
      expect(text(name), name).not.toMatch(/paper|deceased/i);
    expect(text('summary.md')).toContain(`60 patients, ${deceasedOf(count)} relapse;`);
    const lines = text('summary.csv').trimEnd().split('\n');
    const columns = lines[0]?.split(',') ?? [];
    const skipped = columns.indexOf('skipped');
    expect(columns.slice(skipped, skipped + 3)).toEqual(['skipped', 'pooledAucReason', 'calibration']);
    expect(columns.slice(-2)).toEqual(['calibratedPooledEce', 'own']);
    expect(new Set(lines.map((line) => line.split(',').length)).size).toBe(1);
  });
});

describe('characteristics', () => {
  it('are those counted by hand', () => {
    const table: TypedTable = {
      columns: [
        { name: 'age', kind: 'numeric', inferred: true },
        { name: 'site', kind: 'nominal', categories: ['arm', 'leg'], inferred: true },
      ],
      patients: ['a', 'b', 'c', 'd', 'not of the cohort'],
      // Age and site of the patients. a: 10, arm; b: 20, leg; c: 40, leg; d: missing, leg. The last two numbers are
      // of the patient who is not in the cohort.
      cells: Float64Array.of(10, 0, 20, 1, 40, 1, NaN, 1, 99, 0),
    };
    const labels = new Map<string, 0 | 1>([
      ['a', 1],
      ['b', 0],
      ['c', 0],
      ['d', 0],
    ]);
    const got = characteristicsOf('Clin', table, labels);
    expect(got.patients).toEqual({ all: 4, positive: 1, negative: 3 });
    const [age, site] = got.columns;
    expect(age?.missing).toEqual({ all: 1, positive: 0, negative: 1 });
    expect(age?.quartiles).toEqual({
      // The ages are 10, 20 and 40. The lower quartile is halfway between 10 and 20, the upper one between 20 and 40.
      all: { median: 20, low: 15, high: 30 },
      positive: { median: 10, low: 10, high: 10 },
      negative: { median: 30, low: 25, high: 35 },
    });
    expect(site?.categories).toEqual([
      { category: 'leg', counts: { all: 3, positive: 0, negative: 3 } },
      { category: 'arm', counts: { all: 1, positive: 1, negative: 0 } },
    ]);
  });
});

describe('the colours of modalities', () => {
  it('are all different for fifty, and those of HANCOCK as they were', () => {
    const fifty = Array.from({ length: 50 }, (_, i) => `m${i}`);
    expect(new Set(modalityColours(fifty)).size).toBe(50);
    expect(modalityColours(['WSI', 'TMA', 'Clin', 'Path', 'Blood', 'ICD', 'Cell'])).toEqual([
      ...['#d55e00', '#e69f00', '#0072b2', '#009e73', '#cc79a7', '#56b4e9', '#808080'],
    ]);
    const mixed = modalityColours(['RNA', 'WSI', 'Methylation']);
    expect(mixed[1]).toBe('#d55e00');
    expect(new Set(mixed).size).toBe(3);
  });
});

describe('figures of many modalities', () => {
  it.each([1, 3, 12, 50])('are drawn for %i', { timeout: 120_000 }, async (number) => {
    const names = Array.from({ length: number }, (_, i) => `Panel${i}`);
    const at = names.map((modality, i) => ({ modality, auc: 0.5 + i / 200, accuracy: 0.6 }));
    const robustness: Robustness = {
      draws: 5,
      drop: [0, 0.5, 1].map((rho) => ({ rho, auc: 0.7 - rho / 5, accuracy: 0.6 })),
      ...{ withoutOne: at, onlyOne: at },
    };
    const similarity = { withinPatient: 0.2, betweenPatients: 0.1, leadingShare: 0.4 };
    const latent: LatentMap = {
      ...{ fold: 0, modalities: names, perplexity: 5 },
      points: names.flatMap((modality, i) =>
        ids.slice(0, 3).map((patient, p) => ({
          ...{ patient, modality, y: inventedOutcome(patient) },
          before: [i, p] as [number, number],
          after: [p, i] as [number, number],
        })),
      ),
      similarity: { before: similarity, after: similarity },
      example: { patient: '001', before: names.map(() => [1, 2]), after: names.map(() => [2, 1]) },
    };
    const modalities = Object.fromEntries(
      names.map((name, i) => [name, { kind: 'table', title: `panel ${i}`, file: `${name}.csv` }]),
    );
    const files = await reported({
      config: { ...config, methods: ['haf', 'drop'], data: { ...config.data, modalities } },
      cohort: cohort(),
      fusion: () => ({ [robustnessFile]: robustness }),
      latent: [{ id: 'latent', unit: { fold: 0, alignment: 'svd' }, files: { [latentMapFile]: latent } }],
      stage1: [],
    });
    const svg = files['figure-latent-svd.svg'] ?? '';
    // Every modality has its entry in the legend.
    for (const i of names.keys()) expect(svg, String(i)).toContain(`>panel ${i}<`);
    const table = files['report.html'] ?? '';
    expect(table).toContain(`>panel ${number - 1}<`);
    expect(files['figure-modalities-haf.svg']).toContain(`>panel ${number - 1}<`);
  });
});
