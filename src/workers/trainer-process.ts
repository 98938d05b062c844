import { HafError } from '../pipeline/core/errors.js';
import { executeJob } from './execute-job.js';
import { backendIdle, releaseBackend } from '../operators/tensor/release-backend.js';
import type { FromTrainer, ToTrainer } from './ipc.js';
import { storeAt } from './store-at.js';

// The trainer: the process that holds TensorFlow. Native bindings load in one thread per process only, and a
// training step blocks the event loop, so it shares neither with the runner that keeps the lease alive.

/** How jobs are stopped, by their ids. There is one at a time, but for a GPU, which jobs share. */
const asked = new Map<number, { readonly stop: AbortController; readonly pause: AbortController }>();
let working = 0;
/** Settles when a backend that has failed is let go of: a job that began before would fail with the others. */
let renewal: { readonly done: Promise<void>; readonly finish: () => void } | null = null;

const send = (message: FromTrainer): void => {
  process.send?.(message);
};

async function run({ id, work, ...settings }: Extract<ToTrainer, { type: 'run' }>): Promise<void> {
  const [stop, pause] = [new AbortController(), new AbortController()];
  asked.set(id, { stop, pause });
  if (renewal !== null)
    await Promise.race([renewal.done, ...[stop, pause].map(({ signal }) => told(signal))]);
  working++;
  try {
    const result = await executeJob(work, storeAt(work.root), {
      ...settings,
      signal: stop.signal,
      pause: pause.signal,
      onEpoch: (progress) => send({ id, type: 'epoch', progress }),
      onCheckpoint: (epoch) => send({ id, type: 'checkpoint', epoch }),
    });
    send({ id, type: 'done', result });
  } catch (error) {
    const failure = HafError.from(error);
    if (failure.code === 'HAF_BACKEND_FAILED') renewal ??= newRenewal();
    send({ id, type: 'failed', error: failure.toData() });
  } finally {
    asked.delete(id);
    if (--working === 0) void release();
  }
}

/** A trainer that waits for its next job must not keep a core busy. */
async function release(): Promise<void> {
  await backendIdle();
  // Another job has begun: it will release what it uses.
  if (working > 0) return;
  try {
    releaseBackend();
  } finally {
    renewal?.finish();
    renewal = null;
  }
}

const told = (signal: AbortSignal): Promise<unknown> =>
  signal.aborted ? Promise.resolve() : new Promise((resolve) => signal.addEventListener('abort', resolve));

function newRenewal(): Exclude<typeof renewal, null> {
  let finish = (): void => undefined;
  const done = new Promise<void>((resolve) => (finish = resolve));
  return { done, finish };
}

process.on('message', (message: ToTrainer) => {
  if (message.type === 'cancel') asked.get(message.id)?.stop.abort();
  else if (message.type === 'pause') asked.get(message.id)?.pause.abort();
  else void run(message);
});
// A terminal's Ctrl-C and a scheduler's SIGTERM reach the whole process group; draining is the runner's decision,
// which ends its trainers with SIGKILL.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
// Without its runner a trainer would compute for nobody.
process.on('disconnect', () => process.exit(0));
