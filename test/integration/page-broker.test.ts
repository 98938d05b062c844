import { connect } from 'nats';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventSubject } from '../../src/pipeline/bus/nats/names.js';
import { browserProgram, startBrowser } from '../support/browser.js';
import { FaultBench, isEpoch } from '../support/fault-bench.js';
import { natsServer } from '../support/nats-server.js';
import { begun } from '../support/watched-run.js';

const program = browserProgram();

describe.skipIf(program === null || natsServer === null)(
  'the page of a broker in a browser',
  { timeout: 300_000 },
  () => {
    let browser: Browser;
    let bench: FaultBench;

    beforeAll(async () => {
      browser = await startBrowser(program);
    }, 120_000);
    afterEach(() => bench.end());
    afterAll(() => browser.close());

    it('shows a run from its start, a worker that dies, a broker that goes away and comes back, and the end', async () => {
      // Training is long, so that jobs still run when the worker is killed, even on a fast machine.
      bench = await FaultBench.withServer({ train: { epochs: 1000, patience: 1000, lr: 1e-3, batch: 16 } });
      await bench.prepare();
      const { url = '' } = bench.nats ?? {};
      const served = bench.start(['page', '--nats', url]);
      await served.says(/page: http:\S+/);
      const page = await browser.newPage();
      const errors: string[] = [];
      page.on('pageerror', (error) => errors.push(String(error)));
      await page.goto(/page: (http:\S+)/.exec(served.said)?.[1] ?? '');
      await page.getByText('There is no run yet.').waitFor();

      const up = bench.up();
      await page.getByRole('link', { name: /^small-/ }).click({ timeout: 60_000 });
      await page.getByText(/^\d+ of \d+ jobs$/).waitFor();
      const soon = { timeout: 60_000 };
      const worker = bench.worker();
      const row = page.getByRole('row', { name: new RegExp(`-${worker.pid}-`) });
      await row.first().getByText('working').waitFor(soon);
      // The epochs of Stage 1 are checked before the scores, because the Stage 1 jobs may end before the first score
      // appears.
      await up.event(isEpoch('stage1', 2));
      await page
        .getByRole('row', { name: /stage1.*epoch \d+ of 1000/ })
        .first()
        .waitFor(soon);
      // The table shows the first scores while the run continues.
      const score = page.locator('[data-method=blood] td').first();
      await expect.poll(() => score.innerText(), soon).toMatch(/\d/);

      worker.kill('SIGKILL');
      await row.getByText('gone').waitFor({ timeout: 90_000 });

      const run = (await page.getByRole('heading', { level: 1 }).innerText()).trim();
      const client = await connect({ servers: url });
      const dreamt = eventSubject(run, begun(run)).replace('run-started', 'job-dreamt');
      await client.jetstream().publish(dreamt, JSON.stringify({ v: 9, type: 'job-dreamt' }));
      await client.close();
      await page.getByText('1 event of another version: not shown.').waitFor(soon);

      const ended = (): Promise<string> => page.getByText(/^\d+ of \d+ jobs$/).innerText();
      const before = await ended();
      await bench.nats?.kill();
      await page.getByText('The broker cannot be reached.').waitFor(soon);
      // The page still shows the last known number of ended jobs.
      expect(await ended()).toBe(before);
      await bench.nats?.start();
      await page.getByText('The broker cannot be reached.').waitFor({ state: 'hidden', ...soon });
      bench.worker();
      expect((await up.ended).code).toBe(0);
      await page.getByText('succeeded').waitFor(soon);
      const [done, all] = (await ended()).match(/\d+/g) ?? [];
      expect(done).toBe(all);
      expect(errors).toEqual([]);
      await page.close();
    });
  },
);
