import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { directorySource } from '../../src/pipeline/page/directory-source.js';
import { exportPage } from '../../src/pipeline/page/export-page.js';
import { browserProgram, startBrowser } from '../support/browser.js';
import { writeFiles } from '../support/result-run.js';
import { slideRun } from '../support/slide-run.js';
import { begun, doneJob, endedRun, epochOf, startedJob, type WatchedRun } from '../support/watched-run.js';

const program = browserProgram();
const types: Readonly<Record<string, string>> = {
  ...{ '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' },
  ...{ '.json': 'application/json', '.jpg': 'image/jpeg', '.png': 'image/png' },
};

describe.skipIf(program === null)('exported pages', { timeout: 120_000 }, () => {
  const folder = join(mkdtempSync(join(tmpdir(), 'haf-export-')), 'pages');
  let run: WatchedRun;
  let browser: Browser;
  let server: Server;

  beforeAll(async () => {
    run = await slideRun();
    const unit = { fold: 0, method: 'haf' };
    run.tell(
      begun(),
      startedJob('stage3', unit),
      epochOf('stage3', unit, 1, 0.5),
      epochOf('stage3', unit, 2, 0.25),
    );
    run.tell(doneJob('stage3', unit), doneJob('evaluate', unit, { testAuc: 0.7 }), endedRun());
    // Adds the picture of the tiling of the slide that has attention. The exported page must show this picture.
    const picture = sharp({ create: { width: 140, height: 100, channels: 3, background: '#c08080' } });
    writeFiles(run, { 'tiles/overlays/a.jpg': await picture.jpeg().toBuffer() });
    const { files, leftOut } = await exportPage(directorySource(run.runs), 'demo-1', folder);
    expect([files, leftOut]).toEqual([
      readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length,
      [],
    ]);
    // The exported pages must work after the run and its slides are deleted.
    rmSync(run.runs, { recursive: true });
    server = createServer((request, response) => {
      const path = join(
        folder,
        decodeURI(new URL(request.url ?? '/', 'http://x').pathname).replace(/^\/sub\//, ''),
      );
      const name = path.endsWith('/') ? join(path, 'index.html') : path;
      try {
        response.setHeader('content-type', types[extname(name)] ?? 'text/plain');
        response.end(readFileSync(name));
      } catch {
        response.writeHead(404).end();
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    browser = await startBrowser(program);
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    server.close();
    rmSync(join(folder, '..'), { recursive: true });
  });

  /** Where the pages are opened: as files, or below any folder of a web server. */
  const homeOf = (place: string): string =>
    place === 'file'
      ? pathToFileURL(join(folder, 'index.html')).href
      : `http://127.0.0.1:${(server.address() as AddressInfo).port}/sub/index.html`;

  it.each(['file', 'http'])(
    'show progress, tables, patients and attention from files alone (%s)',
    async (place) => {
      const page = await browser.newPage();
      const [complaints, missing, schemes]: [string[], string[], Set<string>] = [[], [], new Set()];
      page.on('console', (message) => complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('requestfailed', (request) => missing.push(request.url()));
      page.on('response', (response) => {
        if (response.status() >= 400) missing.push(response.url());
      });
      page.on('request', (request) => schemes.add(new URL(request.url()).protocol));
      await page.goto(`${homeOf(place)}#/`);
      await page.getByRole('link', { name: 'demo-1', exact: true }).click();
      await page.locator('[data-method=haf]').getByText('.700').first().waitFor();
      await page.getByText('succeeded').waitFor();
      const curve = page.getByRole('img', {
        name: /stage3\/0\/haf, 2 epochs: loss 0.5 at first, 0.25 at last/,
      });
      await curve.waitFor();
      expect(await curve.locator('canvas').count()).toBe(1);
      await page.getByRole('link', { name: 'Results' }).first().click();
      await page.locator('main tbody').getByText('.750 ± .050').waitFor();
      await page.getByRole('button', { name: 'pooledAuc' }).click();
      expect(await page.locator('main tbody th').allInnerTexts()).toEqual(['haf', 'mil-WSI', 'blood']);
      await page.getByRole('link', { name: 'Patients' }).first().click();
      await page.getByRole('link', { name: 'P1' }).click();
      await page.locator('canvas.layer[data-drawn="4"]').waitFor({ state: 'attached' });
      await page.getByText('Exported pages hold no tiles of slides.').waitFor();
      await page.getByLabel('Attention', { exact: true }).uncheck();
      // The colour of the picture of the tiling, left of the outline of the tissue.
      const colour = async (): Promise<number[]> => {
        const shot = sharp(await page.locator('.viewer').screenshot());
        const { width = 0, height = 0 } = await shot.metadata();
        const spot = { left: Math.round(width / 2), top: Math.round(height / 2), width: 1, height: 1 };
        return [...(await shot.extract(spot).removeAlpha().raw().toBuffer())];
      };
      await expect
        .poll(async () => (await colour()).map((channel) => Math.round(channel / 16)), { timeout: 30_000 })
        .toEqual([0xc0 / 16, 0x80 / 16, 0x80 / 16]);
      const heatmap = await page.getByRole('link', { name: 'Heatmap of WSI' }).getAttribute('href');
      expect(heatmap).toMatch(/^data\/\d+\.png$/);
      expect(readdirSync(join(folder, 'data'))).toContain(heatmap?.slice('data/'.length));
      expect([complaints, missing]).toEqual([[], []]);
      expect([...schemes].filter((scheme) => !['data:', 'blob:'].includes(scheme))).toEqual([`${place}:`]);
      await page.close();
    },
  );

  it('keep a strict policy: no inline script or style, nothing fetched', () => {
    const html = readFileSync(join(folder, 'index.html'), 'utf8');
    const [, policy = ''] = /http-equiv="content-security-policy" content="([^"]+)"/.exec(html) ?? [];
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).not.toMatch(/unsafe|\*|http|connect-src/);
    expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|\son\w+=|style="/);
  });

  it('are never written over other files', async () => {
    writeFileSync(join(folder, '..', 'mine.txt'), 'x');
    const refused = await exportPage(directorySource(folder), 'demo-1', join(folder, '..')).catch(
      (error: unknown) => error,
    );
    expect(refused).toMatchObject({ code: 'HAF_PATH_UNUSABLE' });
    expect(readFileSync(join(folder, '..', 'mine.txt'), 'utf8')).toBe('x');
  });
});
