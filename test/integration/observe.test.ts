import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { BrokerFolder } from '../../src/pipeline/broker/broker-folder.js';
import { stopOwnBroker } from '../../src/pipeline/broker/own-broker.js';
import { setUpBus } from '../../src/pipeline/bus/nats/connect-bus.js';
import { observe } from '../../src/pipeline/observe/observation.js';
import { cli, ended, startCli, type CliResult } from '../support/cli.js';
import { jetstream, natsServer, startNats } from '../support/nats-server.js';
import { runFolder, workFolder } from '../support/small-cohort.js';

interface Process {
  readonly child: ChildProcessWithoutNullStreams;
  readonly result: Promise<CliResult>;
  /** The address where the process serves its metrics. */
  readonly url: string;
}

const processes: ChildProcessWithoutNullStreams[] = [];
const stores: string[] = [];
afterEach(async () => {
  for (const child of processes.splice(0)) child.kill('SIGKILL');
  for (const store of stores.splice(0)) await stopOwnBroker(store);
});

/** Starts a command and waits until it has printed the URL of its metrics. */
async function observed(args: readonly string[], folder: string): Promise<Process> {
  const child = startCli([...args, '--metrics', '0'], folder);
  processes.push(child);
  const result = ended(child);
  let said = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const [found] = /http:\/\/127\.0\.0\.1:\d+/.exec(said) ?? [];
      if (found) resolve(found);
    });
    child.once('close', () => reject(new Error(`ended without metrics: ${said}`)));
  });
  return { child, result, url };
}

const scrape = async ({ url }: Pick<Process, 'url'>): Promise<string> =>
  (await fetch(`${url}/metrics`)).text();
async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(50)) if (await holds()) return;
  throw new Error(`not within a minute: ${what}`);
}
const untilScraped = (process: Process, pattern: RegExp): Promise<void> =>
  until(`${pattern}`, async () => pattern.test(await scrape(process)));
async function health({ url }: Pick<Process, 'url'>): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}/healthz`);
  return { ...((await response.json()) as object), http: response.status };
}

describe.skipIf(natsServer === null)('metrics of real processes', () => {
  it('follow a run, its worker and a broker that is killed; logs hold no secrets', async () => {
    const folder = await workFolder({ train: { epochs: 60, patience: 60, lr: 1e-3, batch: 16 } });
    const store = join(folder, '.haf/store');
    stores.push(store);
    const up = await observed(['up', '-c', 'experiment.yaml', '--workers', '0', '--lease', '10'], folder);
    await untilScraped(up, /haf_run_jobs\{stage="stage1",state="queued"\} [1-9]/);
    await untilScraped(up, /haf_queue_jobs\{class="gpu",state="waiting"\} [1-9]/);
    expect(await scrape(up)).toMatch(/haf_queue_workers\{class="gpu"\} 0/);

    const worker = await observed(['worker', '--slots', '1', '--class', 'gpu'], folder);
    await untilScraped(worker, /haf_worker_jobs\{class="gpu"\} 1/);
    await untilScraped(up, /haf_run_jobs\{stage="stage1",state="running"\} 1/);
    const during = await scrape(up);
    expect(during).toContain('haf_info{role="orchestrator"');
    expect(during).toContain('haf_queue_workers{class="gpu"} 1');
    expect(during).toContain('haf_worker_slots{class="gpu"} 0');
    expect(during).toContain('haf_dead_letters 0');
    expect(await health(worker)).toMatchObject({ http: 200, role: 'worker', broker: 'connected' });

    const broker = new BrokerFolder(store);
    const pid = broker.runningProcess();
    expect(pid).not.toBeNull();
    process.kill(pid!, 'SIGKILL');
    // `up` starts a new broker.
    await until('another broker', () => Promise.resolve(![pid, null].includes(broker.runningProcess())));
    await untilScraped(worker, /haf_broker_connected 1/);
    await untilScraped(worker, /haf_worker_jobs_settled_total\{stage="stage2",outcome="committed"\} 1/);
    expect(await scrape(worker)).toMatch(/haf_worker_checkpoints_total [1-9]/);
    const finished = await up.result;
    expect([finished.code, finished.stderr]).toEqual([0, expect.stringContaining('report.html')]);
    expect(finished.stderr).toContain('the broker cannot be reached');
    expect(finished.stderr).toContain('the broker is back');
    worker.child.kill('SIGTERM');
    const left = await worker.result;
    expect(left.code).toBe(0);

    // Every line of stderr is JSON: there is no warning of Node and no stack trace.
    const lines = left.stderr.trim().split('\n');
    const log = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const said = (msg: string, stage?: string): Record<string, unknown> | undefined =>
      log.find((line) => line['msg'] === msg && (stage === undefined || line['stage'] === stage));
    // The stage is named, because the first job that ends may be one of a method that needs a table but no bags.
    expect(said('job done', 'stage1')).toMatchObject({ attempt: 1, outcome: 'committed' });
    expect(said('job done')?.['worker']).toBe(said('worker ready')?.['worker']);
    expect(said('the broker is back')).toBeDefined();
    const ownLog = readFileSync(join(runFolder(folder), 'log.ndjson'), 'utf8');
    expect(ownLog).toContain('"msg":"the broker is back"');
    const token = readFileSync(join(broker.path, 'token'), 'utf8').trim();
    expect(token.length).toBeGreaterThan(10);
    for (const text of [left.stderr, finished.stderr, ownLog]) expect(text).not.toContain(token);
  }, 240_000);

  it('tell that the broker is gone, which is no failure of the process at first', async () => {
    const server = await startNats(jetstream);
    const address = {
      servers: [`127.0.0.1:${server.port}`],
      auth: { kind: 'none' },
      tls: null,
      origin: '',
    } as const;
    const bus = await setUpBus(address, 60_000);
    const observation = await observe({ host: '127.0.0.1', port: 0 }, { role: 'orchestrator', version: '0' });
    try {
      observation.on(bus);
      const at = { url: observation.url ?? '' };
      expect(await health(at)).toMatchObject({ http: 200, broker: 'connected' });
      expect(await scrape(at)).toContain('haf_queue_jobs{class="gpu",state="waiting"} 0');
      await server.stop();
      await until('away', async () => (await health(at))['broker'] === 'away');
      expect(await health(at)).toMatchObject({ http: 200, status: 'ok' });
      expect(await scrape(at)).toContain('haf_broker_connected 0');
      expect(await scrape(at)).not.toContain('haf_queue_jobs{');
    } finally {
      await observation.close();
      await bus.close();
      await server.stop();
    }
  });

  it('are served while a worker waits for the first run', async () => {
    const server = await startNats(jetstream);
    try {
      const folder = await workFolder();
      const worker = await observed(['worker', '--nats', `nats://127.0.0.1:${server.port}`], folder);
      expect(await health(worker)).toMatchObject({ http: 200, status: 'ok', broker: 'joining' });
      worker.child.kill('SIGTERM');
      expect((await worker.result).code).toBe(0);
    } finally {
      await server.stop();
    }
  });
});

describe('a port that is taken', () => {
  it('is refused before anything is done', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const folder = await workFolder();
      for (const command of [['up', '-c', 'experiment.yaml', '--no-broker'], ['worker']]) {
        const { code, stderr } = await cli([...command, '--metrics', `${port}`], folder);
        expect([code, stderr]).toEqual([64, expect.stringContaining(`cannot listen on port ${port}`)]);
      }
      expect(existsSync(join(folder, 'runs'))).toBe(false);
    } finally {
      server.close();
    }
  });
});
