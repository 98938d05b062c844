import { NatsBus } from '../../src/pipeline/bus/nats/nats-bus.js';
import { connectTo } from '../../src/pipeline/bus/nats/connect.js';
import { ensureTopology } from '../../src/pipeline/bus/nats/topology.js';
import { startNatsServer } from '../support/nats-server.js';
import { busContract } from './bus.js';

busContract('NATS', {
  leaseMs: 1000,
  fresh: async (settings) => {
    const server = await startNatsServer();
    return {
      connect: async () => {
        const connection = await connectTo(server.address, { role: 'orchestrator', name: 'contract' });
        await ensureTopology(connection, settings.leaseMs);
        return NatsBus.on(connection, { ...settings, role: 'orchestrator' });
      },
      end: () => server.stop(),
    };
  },
});
