import { beforeAll, describe, expect, it } from 'vitest';
import { configDifferences } from '../../src/operators/report/config-differences.js';
import { standardErrorsFromPaper } from '../../src/operators/paper/paper-difference.js';
import { spectrumGroups } from '../../src/operators/report/spectrum-groups.js';
import { paperMethodIds as methodIds } from '../../src/operators/paper/paper-results.js';
import { paperConfig, reportedPaper } from '../support/invented-paper.js';
import { reported } from '../support/invented-report.js';
import { resolvedConfig } from '../support/resolved-config.js';

let files: Readonly<Record<string, string>> = {};
let page = '';
beforeAll(async () => {
  files = await reportedPaper();
  page = files['report.html'] ?? '';
}, 240_000);

/** The HTML of the section with this heading. */
function section(heading: string, of = page): string {
  const from = of.indexOf(`<h2>${heading}</h2>`);
  return from < 0 ? '' : of.slice(from, of.indexOf('</section>', from));
}
/** Text without markup and entities, spaces collapsed. */
const textOf = (markup: string): string =>
  markup
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll(/[\s\u00a0]+/g, ' ')
    .trim();
const rowOf = (markup: string, title: string): string => {
  const found = [...markup.matchAll(/<tr[^>]*>[^]*?<\/tr>/g)]
    .map(([row]) => textOf(row))
    .find((row) => row.startsWith(`${title} `));
  return found ?? '';
};
const csv = (name: string): string[][] =>
  (files[`figure-${name}.csv`] ?? '')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','));

describe('the difference from the paper', () => {
  it('is counted in standard errors of both sides', () => {
    // Computed by hand, the difference of the means divided by its standard error:
    // (0.70 - 0.74) / sqrt(0.09^2 / 9 + 0.1^2 / 10) = -0.04 / 0.04359
    expect(standardErrorsFromPaper({ mean: 0.7, std: 0.09, folds: 9 }, [0.74, 0.1], 9)).toBeCloseTo(
      -0.9177,
      4,
    );
    // Repeats test the same patients again: three repeats of nine folds count as nine.
    expect(standardErrorsFromPaper({ mean: 0.7, std: 0.09, folds: 27 }, [0.74, 0.1], 9)).toBeCloseTo(
      -0.9177,
      4,
    );
  });

  it('does not exist where either side has no deviation', () => {
    const ours = { mean: 0.7, std: 0.09, folds: 9 };
    expect(standardErrorsFromPaper(ours, null, 9)).toBeNull();
    expect(standardErrorsFromPaper(ours, [0.65, null], 9)).toBeNull();
    expect(standardErrorsFromPaper({ mean: null, std: null, folds: 0 }, [0.74, 0.1], 9)).toBeNull();
  });
});

describe('the tables', () => {
  it('group the rows by the table of the paper', () => {
    const groups = [...section('Results').matchAll(/scope="rowgroup"[^>]*>([^<]*)</g)].map(([, title]) =>
      title?.trim(),
    );
    expect(groups).toEqual([
      'Table 1: all methods',
      'Table 2: one clinical table alone',
      'Table 3: without detachment',
    ]);
  });

  it('put the paper and the difference beside each number', () => {
    expect(rowOf(section('Results'), 'HAF')).toMatch(
      /^HAF 0\.\d{3} ± 0\.\d{3} 0\.739 ± 0\.092 [+−]\d\.\d 0\.\d{3} ± 0\.\d{3} 0\.745 ± 0\.065 [+−]\d\.\d /,
    );
    expect(rowOf(section('Results'), 'TMA-CLAM')).toContain('0.520 (quoted) –');
  });

  it('show a row that was not run with its reason and the paper', () => {
    const row = rowOf(section('Results'), 'WSI-CLAM');
    expect(row).toContain('0.650 (quoted)');
    expect(row).toContain('Not run: needs WSI, which the experiment does not have.');
  });

  it("have the paper's p-values beside ours, none where it is not known, and say why they are no target", () => {
    const significance = section('Significance');
    const [accuracy, auc] = [
      significance.slice(0, significance.indexOf('Table 5')),
      significance.slice(significance.indexOf('Table 5')),
    ];
    expect(rowOf(accuracy, 'MDLM')).toBe('MDLM 11 3 +0.080 [0.010, 0.130] 0.092 0.369 0.00078 0.00312');
    expect(rowOf(auc, 'PS3')).toBe('PS3 +1.52 +0.050 [−0.010, 0.110] < 0.001 0.500 0.02340 0.04680');
    expect(rowOf(auc, 'MFMF')).toBe('MFMF – – – – – –');
    expect(textOf(significance)).toContain('cannot come from a pooled McNemar test on these accuracies');
  });

  it("have none of the paper's p-values when another method is the reference (and all was trained jointly)", async () => {
    const other = await reportedPaper({
      config: { ...paperConfig, schedule: 'joint' },
      summary: (summary) => ({
        ...summary,
        comparisons: [
          {
            ...{ method: 'ga', other: 'mdlm', patients: 66, onlyFirst: 1, onlySecond: 2 },
            accuracy: { difference: 0, ci95: null, p: 1, adjusted: 1 },
            auc: null,
          },
        ],
      }),
    });
    const significance = section('Significance', other['report.html']);
    expect(rowOf(significance, 'MDLM')).toBe('MDLM 1 2 0.000 1.000 1.000 – –');
    expect(textOf(significance)).not.toContain('no target');
    const methods = textOf(section('Methods', other['report.html']));
    expect(methods).toContain('Joint: all stages of a method are trained in one optimisation step');
    expect(methods).toContain('schedule "joint" "staged"');
    expect(Object.keys(other)).toContain('figure-spectrum-haf.svg');
  }, 240_000);

  it('put methods with and without detachment side by side', () => {
    const rows = [...section('Detachment').matchAll(/<tr[^>]*>[^]*?<\/tr>/g)].map(([row]) => textOf(row));
    expect(rows.filter((row) => / (AUC|Accuracy) 0/.test(row))).toHaveLength(8);
    expect(rows.find((row) => row.startsWith('HAF AUC'))).toMatch(/0\.739 ± 0\.092 0\.721 ± 0\.098 −0\.018$/);
  });

  it('say what holds for nearly all rows without naming each of them', () => {
    const notes = [...section('Notes and warnings').matchAll(/<strong>([^<]*)<\/strong>/g)].map(
      ([, about]) => about,
    );
    expect(notes).toContain('All rows:');
    expect(Math.max(...notes.map((about) => about?.length ?? 0))).toBeLessThan(200);
  });

  it('tell the means of repeats and their spread', () => {
    expect(rowOf(section('Repeats'), 'HAF')).toBe('HAF 0.710 ± 0.010 0.700 0.720 0.680 ± 0.050 0.680 –');
  });

  it('are left out where a run has nothing for them', async () => {
    const small = (await reported())['report.html'] ?? '';
    for (const heading of ['Repeats', 'Significance', 'Detachment', 'Latent space'])
      expect(section(heading, small)).toBe('');
  });
});

describe('the figures of the whole paper', () => {
  it('come for every method, alignment and training job, each with its numbers', () => {
    const names = Object.keys(files).flatMap((name) => /^figure-(.*)\.svg$/.exec(name)?.[1] ?? []);
    const run = methodIds.filter((id) => id !== 'wsi_clam');
    expect(names).toEqual(
      expect.arrayContaining([
        ...['cohort-flow', 'robustness-haf', 'robustness-methods', 'modalities-haf'],
        ...['latent-svd', 'latent-clip', 'latent-vectors-svd', 'latent-vectors-clip'],
        ...['spectrum-stage2', 'spectrum-stage2-clip', 'spectrum-ga_attached', 'spectrum-haf_attached'],
        ...run.flatMap((id) => [`roc-${id}`, `reliability-${id}`]),
      ]),
    );
    for (const name of names) expect(csv(name).length, name).toBeGreaterThan(1);
    for (const name of names) expect(page.includes(`id="${name}"`), name).toBe(true);
  });

  it('draw a box per rho and fold set, the mean, and the AUC of chance', () => {
    const svg = files['figure-robustness-haf.svg'] ?? '';
    expect(svg.match(/stroke-dasharray="1,3"/g)).toHaveLength(1);
    expect(svg.match(/stroke-dasharray="5,4"/g)).toHaveLength(2);
    expect(csv('robustness-haf')).toHaveLength(1 + 11 * 3);
    expect(csv('robustness-haf')[1]).toEqual(['haf', '0', '0', '0.66', '0.7']);
  });

  it('name every method whose modalities were taken away', () => {
    const methods = new Set(
      csv('robustness-methods')
        .slice(1)
        .map(([method]) => method),
    );
    expect(methods.size).toBe(17);
    expect(methods).not.toContain('MFMF');
  });

  it('draw as many points as there are latent vectors, in both panels', () => {
    const points = csv('latent-svd').length - 1;
    const svg = files['figure-latent-svd.svg'] ?? '';
    expect(points).toBeGreaterThan(100);
    expect(
      svg.match(/aria-label="[^"]*" role="img"|<path transform="translate\([^)]*\)" d="M[^"]*A/g)?.length,
    ).toBeGreaterThanOrEqual(2 * points);
    expect(svg).toContain('>original<');
    expect(svg).toContain('>aligned<');
  });

  it('draw the vectors of a patient before and after, absent modalities empty', () => {
    const rows = csv('latent-vectors-svd').slice(1);
    // Patient 001 has six of seven modalities (not the first). Each of these modalities has a vector of six numbers
    // before alignment and one after it.
    expect(rows).toHaveLength(6 * 2 * 6);
    expect(new Set(rows.map(([, modality]) => modality))).not.toContain('WSI');
    expect(files['figure-latent-vectors-svd.svg']).toContain('stroke="#e31a1c"');
    expect(files['figure-latent-vectors-svd.svg']).toContain('>Patient 001<');
  });

  it('show who was left out at the side of the cohort', () => {
    const svg = files['figure-cohort-flow.svg'] ?? '';
    expect(textOf(svg)).toMatch(
      /labelled: 763 550 living, 213 deceased.*62 left out without WSI.*cohort: 699/,
    );
    expect(svg.match(/<rect[^>]*rx="4"/g)).toHaveLength(4 + 2);
  });
});

describe('the methods text', () => {
  it('is written from the resolved configuration', () => {
    const text = textOf(section('Methods'));
    for (const fact of [
      'Of 763 labelled patients, 66 were used',
      '3-fold cross-validation',
      'gated attention of width 32 (dropout 0.25)',
      '0.01 × discrimination of patients',
      'loss l⁺ + l⁻ + 0.1 × max(l⁺ − l⁻, 0)',
      'Trained in one job: MFMF, All-Modality Fusion MLP (attached)',
      'mean of 20 seeded draws',
    ])
      expect(text).toContain(fact);
    expect(text).toContain('cv.folds 3 10 Number of folds. With mode groups: the number of groups (1.4).');
  });

  it('follows what is changed', async () => {
    const config = {
      mil: { attention: 48 },
      tabular: { absentRow: 'impute' },
      train: { epochs: 7 },
    } as const;
    const text = textOf(section('Methods', (await reported({ config }))['report.html']));
    expect(text).toContain('gated attention of width 48');
    expect(text).toContain('filled with the modes of the training patients');
    expect(text).toContain('at most 7 epochs');
    for (const difference of [
      'mil.attention 48 32',
      'tabular.absentRow "impute" "mask"',
      'train.epochs 7 200',
    ])
      expect(text).toContain(difference);
  });

  it('lists every key that is not as in preset paper, and only those', () => {
    expect(configDifferences(resolvedConfig({ name: 'plain', methods: ['ga'] }))).toEqual([]);
    const changed = resolvedConfig({
      name: 'other',
      modalities: ['Clin'],
      align: { tauSv: 0.05 },
      cohort: { require: [] },
    });
    expect(configDifferences(changed).map(({ key, here, byDefault }) => [key, here, byDefault])).toEqual([
      ['modalities', '["Clin"]', '["WSI","TMA","Clin","Path","Blood","ICD","Cell"]'],
      ['cohort.require', '[]', '["WSI","TMA"]'],
      ['align.tauSv', '0.05', '1'],
    ]);
    expect(configDifferences(changed).every(({ meaning }) => meaning.length > 10)).toBe(true);
  });
});

describe('spectra', () => {
  it('are looked for only where something was aligned', () => {
    const inputs = { all: () => [], one: () => expect.unreachable() };
    expect(spectrumGroups(inputs, [{ method: 'haf', title: 'HAF' }], 'staged')).toEqual([]);
    const asked: string[] = [];
    const artifact = (method: string) => ({
      ...{ id: method, unit: { fold: 0, method }, bytes: () => new Uint8Array(), path: () => '' },
      wait: <T>(read: Promise<T>): Promise<T> => read,
      json: (file: string): never => {
        asked.push(`${method}/${file}`);
        throw new Error('looked');
      },
    });
    const all = (role: string) => (role === 'stage3' ? [artifact('drop'), artifact('haf')] : []);
    const rows = ['drop', 'haf'].map((method) => ({ method, title: method }));
    expect(() => spectrumGroups({ ...inputs, all }, rows, 'joint')).toThrow('looked');
    expect(asked).toEqual(['haf/spectrum.json']);
  });
});
