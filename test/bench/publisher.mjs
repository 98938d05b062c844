// Publishes events of a run, one every 10 ms, each with the time it was sent. Arguments: broker port, run, count.
import { joinBus } from '../../dist/src/pipeline/bus/nats/connect-bus.js';

const [port, run, count] = process.argv.slice(2);
const address = { servers: [`127.0.0.1:${port}`], auth: { kind: 'none' }, tls: null, origin: 'bench' };
const bus = await joinBus(address, 'worker');
const about = { job: 'j', stage: 'stage3', unit: {}, artifact: 'a' };
for (let i = 0; i < Number(count); i++) {
  const sent = performance.timeOrigin + performance.now();
  await bus.publish(run, { type: 'job-epoch', ...about, epoch: i, epochs: Number(count), metrics: { sent } });
  await new Promise((resolve) => setTimeout(resolve, 10));
}
await bus.close();
