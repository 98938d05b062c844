import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, StringCodec } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bus } from '../../src/pipeline/bus/bus.js';
import { setUpBus } from '../../src/pipeline/bus/nats/connect-bus.js';
import type { RunEventBody } from '../../src/pipeline/run-event.js';
import { cli, ended, startCli } from '../support/cli.js';
import { doneEvent } from '../support/job-events.js';
import { natsServer, startNats, type TestServer } from '../support/nats-server.js';

const finished: RunEventBody = {
  type: 'run-finished',
  run: 'run-1',
  outcome: 'interrupted',
  ...{ seconds: 1, directory: 'runs/run-1', report: null, failures: 0 },
};

describe.skipIf(natsServer === null)('commands on a broker come to an end', () => {
  const folder = mkdtempSync(join(tmpdir(), 'haf-ends-'));
  let server: TestServer;
  let bus: Bus;
  let broker: readonly string[];
  beforeAll(async () => {
    // The server has little disk space. The streams of the pipeline must fit into it.
    server = await startNats('jetstream { store_dir: "$STORE", max_file_store: 2GB }\n');
    const servers = [`127.0.0.1:${server.port}`];
    broker = ['--nats', `nats://${servers[0]}`];
    bus = await setUpBus({ servers, auth: { kind: 'none' }, tls: null, origin: 'test' }, 60_000);
    await bus.publish('run-1', finished);
    // After the run was interrupted, a worker on another machine continued and published this event.
    await bus.publish('run-1', doneEvent('late'));
    // A worker of a later version published an event of a type that this version does not know.
    const connection = await connect({ servers });
    const unknown = StringCodec().encode('{"v":1,"type":"job-dreamt"}');
    await connection.jetstream().publish('haf.v1.ev.run-1.stage3.job-dreamt', unknown);
    await connection.close();
  });
  afterAll(async () => {
    await bus.close();
    await server.stop();
  });

  it('watch, of a run that somebody still works for', async () => {
    const { code, stderr } = await cli(['watch', 'run-1', ...broker], folder);
    expect(stderr).toContain('run-1 interrupted');
    expect(code).toBe(0);
  });

  it('status, with events it does not understand', async () => {
    const { code, stdout } = await cli(['status', ...broker], folder);
    expect(stdout).toContain('run-1  interrupted');
    expect(code).toBe(0);
  });

  it('worker, told to leave long before it would have left by itself', async () => {
    const worker = startCli(['worker', ...broker, '--slots', '1', '--idle-exit', '3600'], folder);
    const left = ended(worker);
    worker.stderr.on('data', (chunk: Buffer) => {
      if (chunk.includes('worker ready')) worker.kill('SIGTERM');
    });
    expect((await left).code).toBe(0);
  });
});
