import { afterEach, describe, expect, it } from 'vitest';
import { metricsOption } from '../../src/pipeline/cli/options.js';
import { InProcessBus } from '../../src/pipeline/bus/in-process.js';
import { HafError } from '../../src/pipeline/core/errors.js';
import { Health } from '../../src/pipeline/observe/health.js';
import { observe, type Observation } from '../../src/pipeline/observe/observation.js';
import type { MetricsAddress } from '../../src/pipeline/observe/serve.js';

const anyPort: MetricsAddress = { host: '127.0.0.1', port: 0 };
const opened: Observation[] = [];
const open = async (address: MetricsAddress | undefined = anyPort): Promise<Observation> => {
  const observation = await observe(address, { role: 'worker', version: '0.1.0' });
  opened.push(observation);
  return observation;
};
const gone = new HafError('HAF_BROKER_UNREACHABLE', 'A test.', 'None.');

afterEach(async () => {
  for (const observation of opened.splice(0)) await observation.close();
});

describe('the health of a process', () => {
  it('outlives two minutes without a broker, counted from when it went away', () => {
    let now = 1_000_000;
    const health = new Health(() => now);
    expect(health.report()).toEqual({ ok: true, broker: 'joining', awaySeconds: 0, error: null });
    health.connection('connected');
    now += 1_000_000;
    health.connection('away');
    now += 60_000;
    health.connection('away');
    now += 59_000;
    expect(health.report()).toMatchObject({ ok: true, broker: 'away', awaySeconds: 119 });
    now += 1000;
    expect(health.report()).toMatchObject({ ok: false, awaySeconds: 120 });
    health.connection('connected');
    expect(health.report()).toMatchObject({ ok: true, broker: 'connected', awaySeconds: 0 });
    health.connection('away');
    expect(health.report().ok).toBe(true);
  });

  it('ends with the worker', () => {
    const health = new Health();
    health.broken(gone);
    expect(health.report()).toMatchObject({ ok: false, error: 'HAF_BROKER_UNREACHABLE' });
  });
});

describe('--metrics', () => {
  it('serves nothing without it', async () => {
    const observation = await observe(undefined, { role: 'worker', version: '0.1.0' });
    expect(observation.url).toBeNull();
    await observation.close();
  });

  it('serves metrics and health, and nothing else', async () => {
    const { url, on, worker } = await open();
    const health = async (): Promise<unknown[]> => {
      const response = await fetch(`${url}/healthz`);
      return [response.status, await response.json()];
    };
    const about = { role: 'worker', version: '0.1.0', awaySeconds: 0 };
    expect(await health()).toEqual([200, { ...about, status: 'ok', broker: 'joining', error: null }]);
    on(new InProcessBus());
    expect(await health()).toEqual([200, { ...about, status: 'ok', broker: 'connected', error: null }]);
    const metrics = await fetch(`${url}/metrics?x=1`);
    expect(metrics.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const text = await metrics.text();
    expect(text).toContain('haf_info{role="worker",version="0.1.0"} 1');
    expect(text).toContain('process_resident_memory_bytes');
    expect((await fetch(`${url}/metrics`, { method: 'HEAD' })).status).toBe(200);
    expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(405);
    for (const path of ['', '/', '/constructor', '/healthz/x'])
      expect((await fetch(`${url}${path}`)).status).toBe(404);
    worker.broken?.(gone);
    const [status, report] = await health();
    expect([status, report]).toEqual([
      503,
      { ...about, status: 'failed', broker: 'connected', error: 'HAF_BROKER_UNREACHABLE' },
    ]);
  });

  it('is refused where it cannot listen, with what to do', async () => {
    const { url } = await open();
    const { port } = new URL(url ?? '');
    const taken = open({ host: '127.0.0.1', port: Number(port) });
    await expect(taken).rejects.toMatchObject({
      code: 'HAF_USAGE',
      what: `--metrics cannot listen on port ${port} of 127.0.0.1: another process listens there.`,
    });
    await expect(open({ host: '192.0.2.1', port: 9464 })).rejects.toMatchObject({ code: 'HAF_USAGE' });
  });

  it('does not wait for those who keep a connection open', async () => {
    const observation = await open();
    await (await fetch(`${observation.url}/metrics`)).text();
    await observation.close();
    await expect(fetch(`${observation.url}/metrics`)).rejects.toThrow();
    opened.length = 0;
  });

  it.each([
    ['9464', { host: '127.0.0.1', port: 9464 }],
    ['0', { host: '127.0.0.1', port: 0 }],
    ['0.0.0.0:9464', { host: '0.0.0.0', port: 9464 }],
    ['lab-1:80', { host: 'lab-1', port: 80 }],
    ['[::1]:9464', { host: '::1', port: 9464 }],
  ])('reads %s', (text, address) => {
    expect(metricsOption().parseArg?.(text, undefined)).toEqual(address);
  });

  it.each(['', 'x', '70000', '::1:9464', '0.0.0.0', '0.0.0.0:', ':9464', '-1'])('refuses "%s"', (text) => {
    expect(() => metricsOption().parseArg?.(text, undefined)).toThrow('expected PORT or HOST:PORT');
  });
});
