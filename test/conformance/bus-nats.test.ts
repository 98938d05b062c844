import { describe } from 'vitest';
import { connectTo } from '../../src/pipeline/bus/nats/connect.js';
import { NatsBus } from '../../src/pipeline/bus/nats/nats-bus.js';
import { ensureTopology } from '../../src/pipeline/bus/nats/topology.js';
import { jetstream, natsServer, startNats } from '../support/nats-server.js';
import { busContract } from './bus.js';

describe.skipIf(natsServer === null)('with a nats-server of its own', () => {
  busContract('NATS', {
    leaseMs: 1000,
    fresh: async (settings) => {
      const server = await startNats(jetstream);
      const address = {
        ...{ servers: [`127.0.0.1:${server.port}`], tls: null, origin: 'test' },
        auth: { kind: 'none' as const },
      };
      return {
        connect: async () => {
          const connection = await connectTo(address, { role: 'orchestrator', name: 'contract' });
          await ensureTopology(connection, settings.leaseMs);
          return NatsBus.on(connection, { ...settings, role: 'orchestrator' });
        },
        end: () => server.stop(),
      };
    },
  });
});
