import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Bus } from '../../src/pipeline/bus/bus.js';
import { setUpBus } from '../../src/pipeline/bus/nats/connect-bus.js';
import { cli } from '../support/cli.js';
import { testJob } from '../support/jobs.js';
import { jetstream, natsServer, startNats, type TestServer } from '../support/nats-server.js';

/**
 * Name of an old file, in the form of the temporary files of a store. Opening a store deletes such files, so the file
 * shows whether the folder was opened as a store.
 */
const temporary = '01234567-89ab-4def-8123-456789abcdef';

describe.skipIf(natsServer === null)('a job that names a folder of somebody else', () => {
  let server: TestServer;
  let bus: Bus;
  let folder: string;
  beforeAll(async () => {
    server = await startNats(jetstream);
    const servers = [`127.0.0.1:${server.port}`];
    bus = await setUpBus({ servers, auth: { kind: 'none' }, tls: null, origin: 'test' }, 60_000);
  });
  afterAll(async () => {
    await bus?.close();
    await server?.stop();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'haf-foreign-'));
    mkdirSync(join(folder, 'victim/tmp'), { recursive: true });
    const old = join(folder, 'victim/tmp', temporary);
    writeFileSync(old, 'mine');
    utimesSync(old, 1, 1);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it.each([
    ['without --store', []],
    ['with --store', ['--store', 'own']],
  ])(
    'makes a worker that was started %s open nothing there',
    async (_, store) => {
      const victim = join(folder, 'victim');
      await bus.enqueue(testJob(`evil ${store.length}`, { class: 'cpu', stage: 'tables', store: victim }));
      const nats = ['--nats', `nats://127.0.0.1:${server.port}`];
      const { stderr } = await cli(
        ['worker', ...nats, ...store, '--class', 'cpu', '--idle-exit', '3', '--grace', '1'],
        folder,
      );
      expect(stderr).toContain('worker ready');
      if (store.length === 0) expect(stderr).toContain(victim);
      expect(existsSync(join(victim, 'tmp', temporary))).toBe(true);
      expect(readdirSync(victim)).toEqual(['tmp']);
    },
    120_000,
  );
});
