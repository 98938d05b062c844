import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { directorySource } from '../../src/pipeline/page/directory-source.js';
import { exportPage } from '../../src/pipeline/page/export-page.js';
import { browserProgram, startBrowser } from '../support/browser.js';
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
    await exportPage(directorySource(run.runs), 'demo-1', folder);
    // The run and its slides are not needed any more.
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

  it('show progress, tables, patients and attention from files alone, below any folder of a web server', async () => {
    const page = await browser.newPage();
    const [complaints, missing]: [string[], string[]] = [[], []];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('response', (response) => {
      if (response.status() >= 400) missing.push(response.url());
    });
    const { port } = server.address() as AddressInfo;
    await page.goto(`http://127.0.0.1:${port}/sub/index.html#/run/demo-1`);
    await page.locator('[data-method=haf]').getByText('.700').first().waitFor();
    await page.getByText('succeeded').waitFor();
    await page
      .getByRole('img', { name: /stage3\/0\/haf, 2 epochs: loss 0.5 at first, 0.25 at last/ })
      .waitFor();
    await page.getByRole('link', { name: 'Patients' }).click();
    await page.getByRole('link', { name: 'P1' }).click();
    await page.locator('canvas.layer[data-drawn="4"]').waitFor({ state: 'attached' });
    await page.getByText('Exported pages hold no tiles of slides.').waitFor();
    const heatmap = await page.getByRole('link', { name: 'Heatmap of WSI' }).getAttribute('href');
    expect(heatmap).toMatch(/^data\/\d+\.png$/);
    expect(readdirSync(join(folder, 'data'))).toContain(heatmap?.slice('data/'.length));
    expect([complaints, missing]).toEqual([[], []]);
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
