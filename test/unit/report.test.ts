import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { escapeHtml, html, trustedMarkup } from '../../src/operators/report/html.js';
import { count, folds, reported, stage1 } from '../support/invented-report.js';
import { inventedCohort } from '../support/invented-results.js';

const occurrences = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;

afterEach(() => vi.restoreAllMocks());

describe('the report', () => {
  it('has a result row per method with the paper beside it, and the majority class', async () => {
    const page = (await reported())['report.html'] ?? '';
    const results = page.slice(page.indexOf('<h2>Results'), page.indexOf('<h2>Calibrated probabilities'));
    expect([...results.matchAll(/<th scope="row"[^>]*>([^<]*)</g)].map(([, title]) => title)).toEqual([
      ...['HAF', 'Blood', 'Majority class'],
      // All metrics.
      ...['HAF', 'Blood'],
    ]);
    expect(results).toContain('0.739\u00a0±\u00a00.092');
    expect(results).toMatch(/0\.\d{3} \[0\.\d{3},\u00a0[01]\.\d{3}\]/);
  });

  it('shows test patients before and after calibration', async () => {
    const page = (await reported())['report.html'] ?? '';
    const section = page.slice(page.indexOf('<h2>Calibrated probabilities'), page.indexOf('<h2>Notes'));
    expect([...section.matchAll(/<th scope="row"[^>]*>([^<]*)</g)].map(([, title]) => title)).toEqual([
      ...['HAF', 'Blood', 'HAF', 'Blood'],
    ]);
    expect(section).toMatch(/Brier before.*Brier after/s);
    expect(section).toContain('(Youden)');
  });

  it('tells in words what was run and how many patients each step left', async () => {
    const page = (await reported())['report.html'] ?? '';
    expect(page).toContain('3-fold cross-validation, stratified by label; every patient is tested once.');
    expect(page).toContain('trained with invented-backend.');
    expect(page).toMatch(/<th scope="row">labelled<\/th>\s*<td>63<\/td>/);
    expect(page).toContain('<td>−3</td>');
  });

  it('stands alone: one script, which the policy names by its hash, nothing fetched', async () => {
    const page = (await reported())['report.html'] ?? '';
    const addresses = page.replaceAll(/xmlns(:xlink)?="[^"]*"/g, '');
    expect(addresses).not.toMatch(/https?:|<link|<img|@import|url\(/);
    const [script, ...others] = [...page.matchAll(/<script>([^]*?)<\/script>/g)];
    expect(others).toEqual([]);
    const hash = createHash('sha256')
      .update(script?.[1] ?? '')
      .digest('base64');
    expect(page).toContain(
      `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${hash}'"`,
    );
    expect(page).toContain("default-src 'none'");
  });

  it('escapes what comes from the data', async () => {
    const cohort = inventedCohort(count);
    const step = { step: '<b>with</b> "site" & <script>', patients: count, positive: 16 };
    const page =
      (
        await reported({
          cohort: { ...cohort, files: { ...cohort.files, 'cohort-flow.json': [step] } },
          stage1: stage1({ warnings: ['loss <img src=x>'] }),
        })
      )['report.html'] ?? '';
    expect(page).toContain('&lt;b&gt;with&lt;/b&gt; &quot;site&quot; &amp; &lt;script&gt;');
    expect(page).toContain('loss &lt;img src=x&gt;');
    expect(page.match(/<script>/g)).toHaveLength(1);
    expect(page).not.toContain('<img');
  });

  it('sums up a warning of several folds in one line', async () => {
    const page =
      (await reported({ stage1: stage1({ warnings: ['odd'], skippedSteps: 1 }) }))['report.html'] ?? '';
    expect(page).toContain('<strong>Stage 1, WSI, folds 0, 1, 2:</strong> odd');
    expect(page).toContain('1 step left out because the loss was not finite.');
  });

  it('gives the same bytes for the same results', async () => {
    expect(await reported()).toEqual(await reported());
  });
});

describe('the figures of the report', () => {
  it('come as SVG and CSV, one per method and one per kind of training job', async () => {
    const names = Object.keys(await reported()).filter((name) => name.startsWith('figure-'));
    expect(names.sort()).toEqual(
      [
        'cohort-flow',
        ...['kaplan-meier-blood', 'kaplan-meier-cohort', 'kaplan-meier-haf'],
        'modalities-haf',
        ...['reliability-blood', 'reliability-haf', 'robustness-haf', 'roc-blood', 'roc-haf'],
        ...['training-stage1-wsi', 'training-stage3-blood', 'training-stage3-haf'],
      ].flatMap((name) => [`figure-${name}.csv`, `figure-${name}.svg`]),
    );
  });

  it('draw a ROC line per fold, one over all folds and the diagonal', async () => {
    const svg = (await reported())['figure-roc-haf.svg'] ?? '';
    expect(occurrences(svg, /<path d="M[^"]*L[^"]*" stroke="#3a87c8"/g)).toBe(folds);
    expect(occurrences(svg, /<path d="M[^"]*L[^"]*" stroke="#d55e00"/g)).toBe(1);
    expect(occurrences(svg, /stroke-dasharray="4,4"/g)).toBe(1);
    expect(svg).toContain('False positive rate');
  });

  it('draw a training line per fold in each panel, with a dot at the epoch that was kept', async () => {
    const files = await reported();
    const svg = files['figure-training-stage1-wsi.svg'] ?? '';
    expect(occurrences(svg, /<path d="M[^"]*L[^"]*" stroke="#3a87c8"/g)).toBe(2 * folds);
    expect(occurrences(svg, /fill="#d55e00"/g)).toBe(2 * folds);
    expect(files['figure-training-stage1-wsi.csv']?.split('\n')[3]).toBe(`0,3,0.0001,0.65,${1 / 3},1`);
  });

  it('leave out a panel without values', async () => {
    const epochs = [1, 2].map((epoch) => ({ epoch, valLoss: epoch, valAuc: null }));
    const svg =
      (await reported({ stage1: stage1({ epochs, bestEpoch: 1 }) }))['figure-training-stage1-wsi.svg'] ?? '';
    expect(svg).toContain('Validation loss');
    expect(svg).not.toContain('Validation AUC');
  });

  it('hold the pooled curve as numbers from (0, 0) to (1, 1)', async () => {
    const lines = ((await reported())['figure-roc-haf.csv'] ?? '').split('\n');
    const pooled = lines.filter((line) => line.startsWith('haf,pooled,')).map((line) => line.split(','));
    expect(pooled[0]?.slice(2)).toEqual(['0', '0', '']);
    expect(pooled.at(-1)?.slice(2, 4)).toEqual(['1', '1']);
    // All scores differ, so the curve has one corner for each patient.
    expect(pooled).toHaveLength(count + 1);
  });

  it('are drawn without complaint from the chart library', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    await reported();
    expect(warn).not.toHaveBeenCalled();
  });
});

describe('html', () => {
  it('escapes values but not markup', () => {
    const { markup } = html`<p title="${'"'}">${'<&>'} ${3} ${[html`<i>a</i>`, trustedMarkup('<b/>')]}</p>`;
    expect(markup).toBe('<p title="&quot;">&lt;&amp;&gt; 3 <i>a</i>\n<b/></p>');
    expect(escapeHtml("it's")).toBe('it&#39;s');
  });
});
