import { HafError } from '../pipeline/core/errors.js';
import { executeJob } from './execute-job.js';
import { releaseBackend } from '../operators/tensor/release-backend.js';
import type { FromTrainer, ToTrainer } from './ipc.js';
import { storeAt } from './store-at.js';

// The trainer: the process that holds TensorFlow. Native bindings load in one thread per process only, and a
// training step blocks the event loop, so it shares neither with the runner that keeps the lease alive.

let current: { readonly stop: AbortController; readonly pause: AbortController } | null = null;

const send = (message: FromTrainer): void => {
  process.send?.(message);
};

async function run({ work, ...settings }: Extract<ToTrainer, { type: 'run' }>): Promise<void> {
  const [stop, pause] = [new AbortController(), new AbortController()];
  current = { stop, pause };
  try {
    const result = await executeJob(work, storeAt(work.root), {
      ...settings,
      signal: stop.signal,
      pause: pause.signal,
      onEpoch: (progress) => send({ type: 'epoch', progress }),
      onCheckpoint: (epoch) => send({ type: 'checkpoint', epoch }),
    });
    send({ type: 'done', result });
  } catch (error) {
    send({ type: 'failed', error: HafError.from(error).toData() });
  } finally {
    // A trainer that waits for its next job must not keep a core busy.
    releaseBackend();
  }
}

process.on('message', (message: ToTrainer) => {
  if (message.type === 'cancel') current?.stop.abort();
  else if (message.type === 'pause') current?.pause.abort();
  else void run(message);
});
// A terminal's Ctrl-C and a scheduler's SIGTERM reach the whole process group; draining is the runner's decision,
// which ends its trainers with SIGKILL.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
// Without its runner a trainer would compute for nobody.
process.on('disconnect', () => process.exit(0));
