import { readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { colourOf } from '../../src/operators/heatmaps/colour-map.js';
import { directorySource } from '../../src/pipeline/page/directory-source.js';
import { servePage, type ServedPage } from '../../src/pipeline/page/serve-page.js';
import { browserProgram, startBrowser } from '../support/browser.js';
import { writeFiles } from '../support/result-run.js';
import { slideRun } from '../support/slide-run.js';
import type { WatchedRun } from '../support/watched-run.js';

const program = browserProgram();
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

describe.skipIf(program === null)('results and slides in a browser', { timeout: 120_000 }, () => {
  let browser: Browser;
  let run: WatchedRun;
  let served: ServedPage;
  const contexts: BrowserContext[] = [];
  /** A long timeout, because the machine may be busy with other tests. */
  const soon = { timeout: 30_000 };

  beforeAll(async () => {
    browser = await startBrowser(program);
    run = await slideRun();
    const address = { host: '127.0.0.1', port: 0, token: null, tls: null, hosts: [] };
    served = await servePage(address, directorySource(run.runs));
  }, 120_000);
  afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close();
  });
  afterAll(async () => {
    await browser.close();
    await served.close();
    rmSync(run.runs, { recursive: true, force: true });
  });

  async function opened(view: string, width = 1280, colorScheme: 'light' | 'dark' = 'light') {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
    contexts.push(context);
    const page = await context.newPage();
    const [complaints, asked]: [string[], string[]] = [[], []];
    // Warnings are ignored: the viewer warns if a tile arrives after another slide was opened.
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(`${served.urlOf('demo-1')}${view}`);
    return { page, complaints, asked };
  }
  const findings = async (page: Page): Promise<string[]> => {
    await page.evaluate(axe);
    return page.evaluate(`axe.run().then(({ violations }) => violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => id + ' ' + nodes.map(({ html }) => html).join(' ')))`);
  };
  const firstCells = (page: Page): Promise<string[]> =>
    page.locator('main tbody tr > :first-child').allInnerTexts();

  it.each([
    [1280, 'light'],
    [390, 'dark'],
  ] as const)('sort and filter tables, and lead to a patient (%i px, %s)', async (width, scheme) => {
    const { page, complaints } = await opened('/results', width, scheme);
    await page.getByRole('columnheader', { name: 'auc' }).first().waitFor();
    expect(await firstCells(page)).toEqual(['haf', 'blood', 'mil-WSI']);
    expect(await page.locator('main tbody tr').first().innerText()).toContain('.750 ± .050');
    const heading = page.locator('main th').filter({ hasText: /^auc$/ });
    await heading.getByRole('button').focus();
    await page.keyboard.press('Enter');
    expect([await heading.getAttribute('aria-sort'), await firstCells(page)]).toEqual([
      'descending',
      ['mil-WSI', 'haf', 'blood'],
    ]);
    await page.keyboard.press('Enter');
    expect(await firstCells(page)).toEqual(['blood', 'haf', 'mil-WSI']);
    // A method without this metric comes last in both directions of the sort.
    await page.getByRole('button', { name: 'pooledAuc' }).click();
    expect(await firstCells(page)).toEqual(['haf', 'mil-WSI', 'blood']);
    await page.getByRole('searchbox', { name: 'Filter' }).fill('BLO');
    expect(await firstCells(page)).toEqual(['blood']);
    expect(await findings(page)).toEqual([]);
    await page.getByRole('navigation', { name: 'Tables' }).getByRole('link', { name: 'Patients' }).click();
    await page.getByRole('link', { name: 'P1' }).waitFor();
    expect(await firstCells(page)).toEqual(['=P3', 'P1', 'P2']);
    expect(
      await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
    ).toBe(0);
    await page.getByRole('link', { name: 'P1' }).click();
    await page.getByRole('heading', { name: 'Patient P1' }).waitFor();
    expect(complaints).toEqual([]);
  });

  it('zooms into a slide, with the attention as the heatmap has it', async () => {
    const { page, complaints, asked } = await opened('/patient/P1');
    const drawn = (count: number) =>
      page.locator(`canvas.layer[data-drawn="${count}"]`).waitFor({ state: 'attached' });
    await drawn(4);
    const levels = (): number[] => asked.flatMap((url) => /_files\/(\d+)\//.exec(url)?.[1] ?? []).map(Number);
    await expect.poll(() => levels().length, soon).toBeGreaterThan(0);
    /** The colour of the attention layer at a point of the screen. */
    const colourAt = (x: number, y: number): Promise<number[]> =>
      page.evaluate(`(() => {
        const layer = document.querySelector('canvas.layer');
        const box = layer.getBoundingClientRect();
        return [...layer.getContext('2d').getImageData((${x} - box.left) * devicePixelRatio, (${y} - box.top) * devicePixelRatio, 1, 1).data];
      })()`);
    const box = (await page.locator('.viewer').boundingBox())!;
    // The slide of 700 x 500 pixels is scaled to fit the viewer. `at` converts slide pixels to a point of the screen.
    const scale = Math.min(box.width / 700, box.height / 500);
    const at = (x: number, y: number): [number, number] => [
      box.x + box.width / 2 + (x - 350) * scale,
      box.y + box.height / 2 + (y - 250) * scale,
    ];
    await page.getByLabel('Opacity').fill('100');
    await expect.poll(() => colourAt(...at(384, 384)), soon).toEqual([...colourOf(1), 255]);
    expect(await colourAt(...at(128, 128))).toEqual([...colourOf(0), 255]);
    await page.mouse.move(...at(384, 384));
    await page.getByText('Score 2, attention 0.4, percentile 100, at 256, 256').waitFor();
    await page.getByLabel(/From percentile/).fill('50');
    await drawn(2);
    await page.getByLabel('Attention', { exact: true }).uncheck();
    await drawn(0);
    await page.getByLabel('Attention', { exact: true }).check();
    await drawn(2);
    const before = Math.max(...levels());
    await page.getByRole('button', { name: 'Look at tile 1' }).click();
    for (let i = 0; i < 3; i++) await page.getByRole('button', { name: 'Zoom in' }).click();
    await expect.poll(() => Math.max(...levels()), soon).toBeGreaterThanOrEqual(Math.max(before, 10));
    await page.getByRole('application', { name: /Slide a/ }).focus();
    await page.keyboard.press('0');
    await drawn(2);
    expect(await findings(page)).toEqual([]);
    expect(complaints).toEqual([]);
    const { origin } = new URL(served.urlOf(null));
    expect(asked.filter((url) => !url.startsWith(origin) && !/^(data|blob):/.test(url))).toEqual([]);
  });

  it('shows a patient as text, whatever the patient is called', async () => {
    const hostile = `<img src=x onerror=alert(1)> "'\u202e/..#%2f`;
    const kept = readFileSync(join(run.path, 'tiles.csv'), 'utf8');
    const cell = `"${hostile.replaceAll('"', '""')}"`;
    writeFiles(run, {
      'tiles.csv': `${kept}h,slides/b.svs,${cell},primary,ok,,x,x,600,300,0\n`,
      'folds/1/blood/predictions.csv': `patient,split,y,logit,p,observed\n${cell},test,1,0,0.4,true\n`,
      // When `summary.json` has changed, the server reads the patients again.
      'summary.json': '{} ',
    });
    try {
      const { page, complaints } = await opened('/results/patients');
      const link = page.getByRole('link', { name: '<img src=x onerror=alert(1)>' });
      expect(await link.innerText()).toContain('\\u202e/..#%2f');
      await link.click();
      await page.getByRole('heading', { name: /Patient <img src=x/ }).waitFor();
      await page.getByText('slides/b.svs does not exist any more.').waitFor();
      expect(await page.locator('main img').count()).toBe(0);
      expect(await page.locator('main').innerText()).not.toContain('\u202e');
      expect(complaints).toEqual([]);
    } finally {
      writeFiles(run, { 'tiles.csv': kept });
      rmSync(join(run.path, 'folds/1/blood'), { recursive: true });
    }
  });

  it('shows another slide of the patient by its picture when the file is gone', async () => {
    const { page, complaints, asked } = await opened('/patient/P1', 390, 'dark');
    await page.getByRole('combobox', { name: 'Slide', exact: true }).selectOption('b (lymph)');
    await page
      .getByText('slides/b.svs does not exist any more. The picture that tiling made is shown in its place.')
      .waitFor();
    await expect.poll(() => asked.some((url) => url.endsWith('/slides/1/overlay')), soon).toBe(true);
    expect(
      await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
    ).toBe(0);
    expect(await findings(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
