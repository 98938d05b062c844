import { readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { BusMember } from '../../src/pipeline/bus/member.js';
import { directorySource } from '../../src/pipeline/page/directory-source.js';
import { servePage, type ServedPage } from '../../src/pipeline/page/serve-page.js';
import { browserProgram, startBrowser } from '../support/browser.js';
import { testMember } from '../support/members.js';
import {
  begun,
  doneJob,
  endedRun,
  epochOf,
  failedJob,
  queuedJob,
  startedJob,
  WatchedRun,
} from '../support/watched-run.js';

const program = browserProgram();
const address = { host: '127.0.0.1', port: 0, token: null, tls: null, hosts: [] };
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Opened {
  readonly page: Page;
  /** Errors and warnings that the browser reports about the page. */
  readonly complaints: string[];
  /** Requests of the page to servers other than its own. */
  readonly strays: string[];
}

describe.skipIf(program === null)('the live page in a browser', { timeout: 120_000 }, () => {
  let browser: Browser;
  let run: WatchedRun;
  let served: ServedPage;
  let members: readonly BusMember[] | null = null;
  const contexts: BrowserContext[] = [];

  beforeAll(async () => {
    browser = await startBrowser(program);
  }, 120_000);
  afterAll(() => browser.close());
  afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close();
    await served.close();
    rmSync(run.runs, { recursive: true, force: true });
    members = null;
  });

  const serve = async (port = 0, token: string | null = null): Promise<void> => {
    served = await servePage(
      { ...address, port, token },
      directorySource(run.runs, () => Promise.resolve(members)),
    );
  };
  async function opened(
    url: string,
    options: { width?: number; colorScheme?: 'light' | 'dark' } = {},
  ): Promise<Opened> {
    const { width = 1280, colorScheme = 'light' } = options;
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
    contexts.push(context);
    const page = await context.newPage();
    const [complaints, strays]: [string[], string[]] = [[], []];
    page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => complaints.push(String(error)));
    const { origin } = new URL(url);
    page.on('request', (request) => {
      const asked = request.url();
      if (!asked.startsWith(origin) && !/^(data|blob):/.test(asked)) strays.push(asked);
    });
    await page.goto(url);
    return { page, complaints, strays };
  }
  const haf = (fold: number) => ({ fold, method: 'haf' });
  const cells = (page: Page, row: string): Promise<string[]> => page.locator(`${row} > *`).allInnerTexts();

  it('shows a run from its start to its end: stages, scores, curves, failures', async () => {
    run = new WatchedRun();
    await serve();
    const { page, complaints, strays } = await opened(served.urlOf('demo-1'));
    await page.getByText('no plan yet').waitFor();
    run.tell(begun());
    await page.getByText('No job of this stage has begun.').waitFor();
    run.tell(queuedJob('stage3', haf(0)), startedJob('stage3', haf(0)));
    await page.locator('[data-stage=stage3]').getByText('5 waiting, 1 running').waitFor();
    await page.getByText('No job of this stage has begun.').waitFor({ state: 'detached' });
    expect(await page.locator('option', { hasText: 'stage3/0/haf (running)' }).count()).toBe(1);
    run.tell(...[1, 2, 3].map((epoch) => epochOf('stage3', haf(0), epoch, 1 / epoch)));
    await page.getByText('epoch 3 of 60').waitFor();
    await page.getByRole('button', { name: 'Learning curve of stage3/0/haf' }).click();
    const chart = page.getByRole('img', {
      name: /Learning curve of stage3\/0\/haf, 3 epochs: loss 1 at first, 0.3333 at last/,
    });
    await chart.waitFor();
    expect(await chart.locator('canvas').count()).toBe(1);
    run.tell(doneJob('stage3', haf(0)), doneJob('evaluate', haf(0), { testAuc: 0.7 }));
    run.tell(doneJob('evaluate', haf(1), { testAuc: 0.8 }), doneJob('evaluate', haf(2), { testAuc: null }));
    await page.locator('[data-method=haf]').getByText('.750').waitFor();
    expect(await cells(page, '[data-method=haf]')).toEqual([
      'haf',
      '.700',
      '.800',
      'n/a',
      '.750',
      '.050',
      '2',
    ]);
    expect(await cells(page, '[data-method=drop]')).toEqual(['drop', '·', '·', '·', '', '', '0']);
    run.tell(failedJob('stage3', { fold: 1, method: 'drop' }, 'Memory ran out.'));
    const failure = page.getByRole('row', { name: /stage3\/1\/drop failed/ });
    await failure.waitFor();
    expect(await failure.innerText()).toMatch(
      /HAF_WORKER_DIED Memory ran out\.\s+Look at the memory\.\s+haf-pipeline failures demo-1/,
    );
    run.tell(endedRun());
    await page.getByText('succeeded').waitFor();
    expect(await page.locator('main').innerText()).toContain('1:02');
    expect([complaints, strays]).toEqual([[], []]);
  });

  it('shows a worker that dies as gone', async () => {
    run = new WatchedRun();
    run.tell(begun());
    members = [testMember({ id: 'lab-2-77', jobs: ['stage3/0/haf'], seen: new Date().toISOString() })];
    await serve();
    const { page } = await opened(served.urlOf('demo-1'));
    const worker = page.locator('[data-worker=lab-2-77]');
    await worker.getByText('working').waitFor();
    expect(await worker.innerText()).toMatch(/lab-2\s+cpu\s+1 gpu, 0 cpu\s+stage3\/0\/haf\s+\d+ s ago/);
    members = [];
    await worker.getByText('gone').waitFor();
  });

  it('says that the server has ended, and shows what was missed when it is back', async () => {
    run = new WatchedRun();
    run.tell(begun());
    await serve();
    const url = served.urlOf('demo-1');
    const { page } = await opened(url);
    await page.getByText('0 of 14 jobs').waitFor();
    await served.close();
    await page.getByText('The command that served this page has ended.').waitFor();
    run.tell(doneJob('stage3', haf(0)), doneJob('stage3', haf(1)));
    await serve(Number(new URL(url).port));
    await page.getByText('2 of 14 jobs').waitFor();
    await page.getByText('The command that served this page').waitFor({ state: 'detached' });
    rmSync(run.path, { recursive: true });
    await page.getByText('The directory of this run was deleted.').waitFor();
  });

  it('shows names as text, whatever is in them', async () => {
    const hostile = `a"><img src=x onerror=alert(1)>'\n\u202egpj.\u0007b`;
    run = new WatchedRun();
    run.tell(begun('demo-1', [hostile, 'haf']), startedJob('embed', { file: hostile }, hostile));
    run.tell(
      epochOf('embed', { file: hostile }, 1, 0.5),
      failedJob('stage3', { fold: 0, method: hostile }, hostile),
    );
    run.tell(doneJob('evaluate', { fold: 0, method: hostile }, { testAuc: 0.5 }));
    await serve();
    const { page, complaints, strays } = await opened(served.urlOf('demo-1'));
    await page.getByRole('row', { name: /Look at the memory/ }).waitFor();
    const text = await page.locator('main').innerText();
    expect(text.split('<img src=x onerror=alert(1)>').length).toBeGreaterThan(3);
    expect(text).toContain('\\u202egpj.\\x07b');
    // The attribute `value` of an option is the unchanged name of a method, with its control characters. No other text
    // of the page may contain control characters.
    const told = (await page.content()).replace(/<option value="[^"]*"/g, '');
    expect(told).not.toMatch(/[\u202e\u0007]/);
    expect(await page.locator('main img').count()).toBe(0);
    // The page requests the learning curve by the unchanged name of the method.
    await page.getByRole('button', { name: /learning curve of/ }).click();
    await page.getByRole('img', { name: /, 1 epochs: loss 0.5/ }).waitFor();
    expect([complaints, strays]).toEqual([[], []]);
  });

  it('needs the token of the address, and takes it out of the address bar', async () => {
    run = new WatchedRun();
    run.tell(begun());
    await serve(0, 'a-token-of-a-test');
    const url = served.urlOf('demo-1');
    expect(url).toContain('#token=a-token-of-a-test&/run/demo-1');
    const { page } = await opened(url);
    await page.getByText('0 of 14 jobs').waitFor();
    expect(page.url()).not.toContain('token');
    await page.reload();
    await page.getByText('0 of 14 jobs').waitFor();
    for (const wrong of [url.replace('a-token', 'b-token'), url.replace(/#.*/, '#/')]) {
      const other = await opened(wrong);
      await other.page.getByText('This page needs a token.').waitFor();
    }
  });

  it.each([
    [1280, 'light'],
    [390, 'dark'],
  ] as const)(
    'has no serious finding of axe, fits %i px (%s), and works by the keyboard',
    async (width, colorScheme) => {
      run = new WatchedRun();
      members = [testMember({ id: 'lab-2-77' })];
      run.tell(begun(), startedJob('stage3', haf(0)), epochOf('stage3', haf(0), 1, 0.5));
      run.tell(doneJob('evaluate', haf(0), { testAuc: 0.7 }), failedJob('stage3', haf(1)));
      await serve();
      const { page } = await opened(served.urlOf(null), { width, colorScheme });
      await page.getByRole('link', { name: 'demo-1' }).waitFor();
      const findings = async (): Promise<string[]> => {
        await page.evaluate(axe);
        return page.evaluate(`axe.run().then(({ violations }) => violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => id + ' ' + nodes.map(({ html }) => html).join(' ')))`);
      };
      expect(await findings()).toEqual([]);
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content');
      await page.keyboard.press('Enter');
      await page.getByRole('link', { name: 'demo-1' }).focus();
      await page.keyboard.press('Enter');
      const button = page.getByRole('button', { name: 'Learning curve of stage3/0/haf' });
      await button.focus();
      await page.keyboard.press('Enter');
      await page.getByRole('img', { name: /Learning curve of stage3\/0\/haf/ }).waitFor();
      expect(await findings()).toEqual([]);
      expect(
        await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
      ).toBe(0);
    },
  );

  it('weighs less than 500 kB', async () => {
    run = new WatchedRun();
    run.tell(begun(), startedJob('stage3', haf(0)), epochOf('stage3', haf(0), 1, 0.5));
    await serve();
    const url = served.urlOf('demo-1');
    const sizes: Promise<number>[] = [];
    const context = await browser.newContext();
    contexts.push(context);
    const page = await context.newPage();
    page.on('response', (response) => {
      if (!response.url().includes('/stream')) sizes.push(response.body().then((body) => body.length));
    });
    await page.goto(url);
    await page.getByRole('button', { name: 'Learning curve of stage3/0/haf' }).click();
    await page.getByRole('img', { name: /Learning curve of stage3\/0\/haf/ }).waitFor();
    const { length } = await (await fetch(new URL('/assets/openseadragon.js', url))).text();
    const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
    expect(bytes).toBeGreaterThan(50_000);
    expect(bytes + length).toBeLessThan(500_000);
  });
});
