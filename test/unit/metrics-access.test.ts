import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { metricsAddress } from '../../src/pipeline/cli/metrics-address.js';
import { observe } from '../../src/pipeline/observe/observation.js';
import { fault } from '../support/fault.js';

const observed = { role: 'worker', version: '0.1.0' } as const;
const anywhere = { host: '0.0.0.0', port: 0 };
const token = 'a-token-of-the-test-1234';

describe('metrics beyond this machine', () => {
  let folder: string;
  const file = (text: string, mode = 0o600): string => {
    const path = join(folder, `token-${mode}-${text.length}`);
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  };
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'haf-metrics-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(['0.0.0.0', '::', '10.1.2.3', 'gpu-1.lab.example'])(
    'on %s are not served without a token',
    (host) => {
      expect(() => metricsAddress({ metrics: { host, port: 0 } })).toThrow(/anybody could read/);
    },
  );

  it('are not served without a token on an address that a name stands for', async () => {
    const error = await fault(observe(anywhere, observed));
    expect(error.code).toBe('HAF_INSECURE');
    expect(error.fix).toContain('--metrics-token');
  });

  it('are served to who sends the token; health to everybody', async () => {
    const address = metricsAddress({ metrics: anywhere, metricsToken: file(`${token}\n`) });
    const observation = await observe(address, observed);
    try {
      const url = observation.url?.replace('0.0.0.0', '127.0.0.1') ?? '';
      const status = async (authorization?: string, path = '/metrics'): Promise<number> =>
        (await fetch(`${url}${path}`, authorization ? { headers: { authorization } } : {})).status;
      expect(await status(`Bearer ${token}`)).toBe(200);
      for (const wrong of [
        undefined,
        'Bearer',
        `Bearer ${token}x`,
        `Bearer ${token.slice(1)}`,
        token,
        `Basic ${token}`,
      ])
        expect([wrong, await status(wrong)]).toEqual([wrong, 401]);
      expect(await status(undefined, '/healthz')).toBe(200);
      expect(await status(undefined, '/constructor')).toBe(404);
    } finally {
      await observation.close();
    }
  });

  it('are served openly for a reason that is stated', async () => {
    const observation = await observe(
      metricsAddress({ metrics: anywhere, metricsOpen: 'firewall' }),
      observed,
    );
    const url = observation.url?.replace('0.0.0.0', '127.0.0.1') ?? '';
    expect((await fetch(`${url}/metrics`)).status).toBe(200);
    await observation.close();
    expect(() => metricsAddress({ metrics: anywhere, metricsOpen: ' ' })).toThrow(/no reason/);
  });

  it('take no token that others can read or guess, and no option without a port', () => {
    expect(() => metricsAddress({ metrics: anywhere, metricsToken: file(token, 0o644) })).toThrow(
      /other users/,
    );
    expect(() => metricsAddress({ metrics: anywhere, metricsToken: file('short') })).toThrow(/no token/);
    expect(() => metricsAddress({ metrics: anywhere, metricsToken: file('') })).toThrow(/no token/);
    expect(() => metricsAddress({ metricsOpen: 'x' })).toThrow(/no effect without --metrics/);
    expect(metricsAddress({})).toBeUndefined();
  });
});
