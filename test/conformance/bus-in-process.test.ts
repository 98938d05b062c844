import { InProcessBus } from '../../src/pipeline/bus/in-process.js';
import { busContract } from './bus.js';

busContract('in-process', (settings) => Promise.resolve(new InProcessBus(settings)));
