import { rmSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { browserProgram, startBrowser } from '../support/browser.js';
import { faultFolder } from '../support/fault-runs.js';
import { Processes, type Running } from '../support/processes.js';

const program = browserProgram();

describe.skipIf(program === null)('the page of "up"', { timeout: 240_000 }, () => {
  let browser: Browser;
  let folder = '';
  const processes = new Processes();

  beforeAll(async () => {
    browser = await startBrowser(program);
    folder = await faultFolder();
  }, 120_000);
  afterEach(() => processes.end());
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const up = (page: readonly string[]): Running =>
    processes.start(['up', '-c', 'experiment.yaml', '--no-broker', '--workers', '1', ...page], {
      cwd: folder,
    });
  const addressOf = async (command: Running): Promise<string> => {
    await command.says(/page: http:\S+/);
    return /page: (http:\S+)/.exec(command.said)?.[1] ?? '';
  };

  it('is there while the run goes on, says when it was killed, goes on with the next, and says when that has ended', async () => {
    const first = up(['--page']);
    const url = await addressOf(first);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#\/$/);
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    await page.goto(url);
    await page.getByRole('link', { name: /^small-/ }).click();
    await page.locator('[data-stage=stage1]').getByText('running').waitFor({ timeout: 60_000 });
    await page.getByText('running', { exact: true }).waitFor();
    await page
      .getByRole('row', { name: /stage1.*epoch \d+ of 150/ })
      .first()
      .waitFor({ timeout: 60_000 });
    first.kill('SIGKILL');
    await page.locator('#news').getByText('The connection is cut.').waitFor();
    await first.ended;
    // The same command continues the run, and the page continues to show it.
    const second = up(['--page', new URL(url).port]);
    await page
      .locator('#news')
      .getByText('The connection is cut.')
      .waitFor({ state: 'detached', timeout: 60_000 });
    expect((await second.ended).code).toBe(0);
    await page.getByText('The command that served this page has ended.').waitFor();
    await page.getByText('succeeded').waitFor();
    const jobs = (await page.getByText(/^\d+ of \d+ jobs$/).innerText()).match(/\d+/g);
    expect(jobs?.[0]).toBe(jobs?.[1]);
    expect(await page.locator('[data-method=haf] td').allInnerTexts()).toEqual([
      ...[1, 2].map(() => expect.stringMatching(/^(\.\d{3}|1\.00)$/) as string),
      ...[1, 2].map(() => expect.stringMatching(/^(\.\d{3}|1\.00)$/) as string),
      '2',
    ]);
    expect(errors).toEqual([]);
    await page.close();
  });

  it('names the process that has the port, and exits with 69', async () => {
    const other = processes.start(['page', '--runs', '.'], { cwd: folder });
    const { port } = new URL(await addressOf(other));
    const { code, stderr } = await up(['--page', port]).ended;
    expect(code).toBe(69);
    expect(stderr).toMatch(/HAF_PORT_TAKEN The page cannot be served on 127\.0\.0\.1:\d+/);
    if (process.platform === 'linux') expect(stderr).toContain(`process ${other.pid} (`);
    else expect(stderr).toContain('another process listens there');
  });
});
