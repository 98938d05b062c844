// A worker whose jobs only sleep. The remaining time is the cost of the bus, the runner and the store. Runs the built
// code. Arguments: broker port, store folder, milliseconds of a job, code version to report, number of concurrent jobs.
import { joinBus } from '../../dist/src/pipeline/bus/nats/connect-bus.js';
import { together } from '../../dist/src/pipeline/observe/worker-observer.js';
import { FileStore } from '../../dist/src/pipeline/store/file-store.js';
import { startRunner } from '../../dist/src/workers/runner.js';

const [port, root, ms, codeVersion = 'bench', atOnce = '1'] = process.argv.slice(2);
const address = { servers: [`127.0.0.1:${port}`], auth: { kind: 'none' }, tls: null, origin: 'bench' };
const bus = await joinBus(address, 'worker');
const store = new FileStore(root);
const result = { files: [], problems: [], metrics: {}, peakRssMiB: 0, readSeconds: 0 };
const executor = {
  run: () => new Promise((resolve) => setTimeout(() => resolve(result), Number(ms))),
  close: () => Promise.resolve(),
};
startRunner({
  ...{ bus, worker: `w-${process.pid}`, codeVersion, anyVersion: false, data: null },
  observer: together(),
  storeOf: () => Promise.resolve(store),
  lanes: Array.from({ length: Number(atOnce) }, () => ({ jobClass: 'gpu', executor })),
});
process.send?.('ready');
