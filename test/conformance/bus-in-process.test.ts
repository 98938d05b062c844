import { InProcessBus } from '../../src/pipeline/bus/in-process.js';
import { busContract } from './bus.js';

busContract('in-process', {
  leaseMs: 400,
  fresh: (settings) => {
    const bus = new InProcessBus(settings);
    return Promise.resolve({ connect: () => Promise.resolve(bus), end: () => bus.close() });
  },
});
