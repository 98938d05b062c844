import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserProgram, startBrowser } from '../support/browser.js';
import { reportedPaper } from '../support/invented-paper.js';

const program = browserProgram();

describe.skipIf(program === null)('the report in a browser', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'haf-browser-'));
  const address = pathToFileURL(join(folder, 'report.html')).href;
  let browser: Browser;

  beforeAll(async () => {
    const { 'report.html': page = '' } = await reportedPaper();
    writeFileSync(join(folder, 'report.html'), page);
    browser = await startBrowser(program);
  }, 300_000);
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /**
   * Opens the report in a window and unfolds everything. `complaints` collects the errors and warnings of the browser.
   */
  async function opened(
    width: number,
    colorScheme: 'light' | 'dark' = 'light',
  ): Promise<{ page: Page; complaints: string[]; requests: string[] }> {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(address);
    return { page, complaints, requests };
  }
  // Code for the browser is passed as text, because this project has no types of the DOM here.
  const inPage = <T>(page: Page, body: string): Promise<T> => page.evaluate<T>(`(() => { ${body} })()`);
  const unfold = (page: Page): Promise<void> =>
    inPage(page, 'for (const details of document.querySelectorAll("details")) details.open = true;');

  it.each([
    [1280, 'light'],
    [390, 'dark'],
  ] as const)(
    'shows no error, asks for nothing else and fits a window of %i px (%s)',
    async (width, scheme) => {
      const { page, complaints, requests } = await opened(width, scheme);
      await unfold(page);
      // Wide tables and charts may exceed the window, because they scroll in a box of their own. Nothing else may.
      const overflow = await inPage(
        page,
        `const room = document.documentElement.clientWidth;
       const outside = [...document.querySelectorAll('body *')].filter((element) =>
         element.closest('.scroll, .wide') === null && element.getBoundingClientRect().right > room + 0.5);
       return { by: document.documentElement.scrollWidth - room, outside: outside.map(({ tagName }) => tagName) };`,
      );
      expect(overflow).toEqual({ by: 0, outside: [] });
      expect(complaints).toEqual([]);
      expect(requests).toEqual([address]);
      await page.close();
    },
  );

  it('has a policy that lets no other script run and nothing be fetched', async () => {
    const { page, complaints } = await opened(1280);
    const ran = await inPage(
      page,
      `const script = document.createElement('script');
       script.textContent = 'window.ran = true';
       document.body.append(script);
       return fetch('http://127.0.0.1:9/').catch(() => undefined).then(() => 'ran' in window);`,
    );
    expect(ran).toBe(false);
    expect(
      complaints.filter((text) => text.includes('Content Security Policy')).length,
    ).toBeGreaterThanOrEqual(2);
    await page.close();
  });

  it('draws marks in every figure', async () => {
    const { page } = await opened(1280);
    await unfold(page);
    const figures = await inPage<{ id: string; marks: number }[]>(
      page,
      `return [...document.querySelectorAll('figure[id]')].map((figure) => {
         const marks = [...figure.querySelectorAll('svg .role-mark :is(path, rect, line, text), svg > rect')];
         const sizes = marks.map((mark) => mark.getBoundingClientRect());
         return { id: figure.id, marks: sizes.filter(({ width, height }) => width + height > 1).length };
       });`,
    );
    expect(figures.length).toBeGreaterThan(60);
    expect(figures.filter(({ marks }) => marks < 2)).toEqual([]);
    await page.close();
  });

  it('gives every figure a name for those who cannot see it', async () => {
    const { page } = await opened(1280);
    const nameless = await inPage(
      page,
      `return [...document.querySelectorAll('figure[id] svg')].filter((svg) =>
         svg.getAttribute('role') !== 'img' || (svg.getAttribute('aria-label') ?? '').length < 10).length;`,
    );
    expect(nameless).toBe(0);
    await page.close();
  });

  /** Titles and sort values of the rows of Table 1 in their order, without the rows that have no numbers. */
  const firstGroup = (page: Page, column: number): Promise<{ title: string; value: number }[]> =>
    inPage(
      page,
      `const [body] = document.querySelector('table.results').tBodies;
       return [...body.rows].filter(({ className }) => className === '').map(({ cells }) => ({
         title: cells[0].textContent.trim(),
         value: Number(cells[${column}].dataset.value ?? NaN),
       }));`,
    );

  it('sorts by a click within each group, the other way round by a second one', async () => {
    const { page } = await opened(1280);
    const before = await firstGroup(page, 1);
    const heading = page.locator('table.results th[data-sort]').nth(1);
    expect(await heading.getAttribute('aria-sort')).toBe('none');
    await heading.locator('button').click();
    const falling = await firstGroup(page, 1);
    expect(await heading.getAttribute('aria-sort')).toBe('descending');
    expect(falling.map(({ value }) => value)).toEqual(before.map(({ value }) => value).sort((a, b) => b - a));
    expect(falling).not.toEqual(before);
    await heading.locator('button').click();
    expect(await heading.getAttribute('aria-sort')).toBe('ascending');
    expect((await firstGroup(page, 1)).map(({ value }) => value)).toEqual(
      before.map(({ value }) => value).sort((a, b) => a - b),
    );
    // Each group still begins with its heading and ends with the rows that were not run. The majority class is last.
    const frame = await inPage<[string, string][]>(
      page,
      `return [...document.querySelector('table.results').tBodies].map(({ rows }) =>
         [rows[0].className, rows[rows.length - 1].cells[0].textContent.trim()]);`,
    );
    expect(frame.map(([first]) => first)).toEqual(['head', 'head', 'head', 'foot']);
    expect(frame[0]?.[1]).toBe('WSI-CLAM');
    expect(frame[3]?.[1]).toBe('Majority class');
    await page.close();
  });

  it('sorts by the keyboard; one heading at a time says how, and what has no number comes last', async () => {
    const { page } = await opened(1280);
    // The column of the paper's accuracy. The paper gives no accuracy for TMA-CLAM.
    const heading = page.locator('table.results th[data-sort]').nth(5);
    await page.locator('table.results th[data-sort] button').nth(4).focus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await heading.getAttribute('aria-sort')).toBe('descending');
    expect((await firstGroup(page, 5)).at(-1)?.title).toBe('TMA-CLAM');
    await page.keyboard.press('Space');
    expect(await heading.getAttribute('aria-sort')).toBe('ascending');
    const rising = await firstGroup(page, 5);
    expect(rising.at(-1)?.title).toBe('TMA-CLAM');
    expect(rising[0]?.title).toBe('MDLM');
    await page.locator('table.results th[data-sort] button').first().press('Enter');
    const sorted = await page.locator('table.results th[data-sort]:not([aria-sort=none])').allTextContents();
    expect(sorted).toEqual(['Method']);
    const titles = (await firstGroup(page, 0)).map(({ title }) => title);
    expect(titles).toEqual([...titles].sort((a, b) => a.localeCompare(b, 'en')));
    await page.close();
  });
});
