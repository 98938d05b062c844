import type { Bus, Lease } from '../../src/pipeline/bus/bus.js';
import type { Job } from '../../src/pipeline/bus/job.js';
import { HafError } from '../../src/pipeline/core/errors.js';
import type { ArtifactStore, Manifest } from '../../src/pipeline/store/store.js';

/**
 * A worker that takes jobs of both classes from a bus. It starts no trainers and reads no inputs: the result of a job
 * is a file with the job key. `misbehave` is called before each computation. If it throws an error, the attempt fails
 * with this error.
 */
export function simpleWorker(
  bus: Bus,
  store: ArtifactStore,
  lanes: number,
  misbehave: (job: Job) => void,
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const lane = async (jobClass: Job['class']): Promise<void> => {
    for (;;) {
      const lease = await bus.claim(jobClass, 'simple', stopping.signal);
      if (!lease) return;
      await work(lease, store, misbehave);
    }
  };
  const running = Promise.all(Array.from({ length: lanes }, () => [lane('cpu'), lane('gpu')]).flat());
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

async function work(lease: Lease, store: ArtifactStore, misbehave: (job: Job) => void): Promise<void> {
  const { key, stage, unit, artifact, codeVersion, replace } = lease.job;
  const about = { job: key, stage, unit, artifact };
  await lease.publish({ type: 'job-started', ...about, worker: 'simple', attempt: lease.attempt });
  try {
    misbehave(lease.job);
    const present = replace ? null : await store.manifest(artifact);
    const files = [await store.write('key', new TextEncoder().encode(key))];
    const made: Manifest = {
      ...{ v: 1, id: artifact, key, stage, unit, codeVersion, files, problems: [] },
      ...{ metrics: { length: key.length }, worker: 'simple', seconds: 1, peakRssMiB: 1 },
    };
    const { metrics } = present ?? (await store.commit(made, { replace }));
    const times = { seconds: 1, readSeconds: 0, computeSeconds: 1 };
    await lease.commit({
      ...{ type: 'job-done', ...about, worker: 'simple', ...times, peakRssMiB: 1, problems: 0 },
      metrics,
    });
  } catch (error) {
    const { code, what, fix, context, retryable } = HafError.from(error);
    await lease.fail(retryable, (verdict) =>
      verdict === 'retried'
        ? { type: 'job-retried', ...about, attempt: lease.attempt + 1, reason: what }
        : { type: 'job-failed', ...about, error: { code, what, fix, context: { ...context } } },
    );
  }
}
