import { HafError } from '../pipeline/core/errors.js';
import { executeJob } from './execute-job.js';
import { backendIdle, releaseBackend } from '../operators/tensor/release-backend.js';
import type { FromTrainer, ToTrainer } from './ipc.js';
import { storeAt } from './store-at.js';

// The trainer: the process that holds TensorFlow. It is not the runner's process for two reasons. Native bindings load
// in one thread per process only. A training step blocks the event loop, and the runner needs its own for heartbeats.

/**
 * Signals to stop each job, by job id. On the CPU there is one job at a time. On a GPU several jobs share the process.
 */
const asked = new Map<number, { readonly stop: AbortController; readonly pause: AbortController }>();
let working = 0;
/**
 * Resolves when a failed backend has been released. A new job waits for it; otherwise it would fail with the jobs on
 * the failed backend.
 */
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

/** Releases the backend. A trainer that waits for its next job must not keep a CPU core busy. */
async function release(): Promise<void> {
  await backendIdle();
  // Another job has begun. It releases the backend at its end.
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
// Ctrl-C in a terminal and SIGTERM of a scheduler reach the whole process group. The trainer ignores both, because the
// runner decides how to drain. The runner ends its trainers with SIGKILL.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
// The runner is gone, so no process would use the result.
process.on('disconnect', () => process.exit(0));
