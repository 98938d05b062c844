import { randomUUID } from 'node:crypto';
import { availableParallelism, hostname } from 'node:os';
import type { Bus } from '../pipeline/bus/bus.js';
import type { Job } from '../pipeline/bus/job.js';
import type { Member } from '../pipeline/bus/member.js';
import { together, type WorkerObserver } from '../pipeline/observe/worker-observer.js';
import type { JobClass } from '../pipeline/stage.js';
import type { ArtifactStore } from '../pipeline/store/store.js';
import type { Executor } from './executor.js';
import { trainersOf } from './trainers-of.js';
import { startRunner, type Runner } from './runner.js';
import { ThreadPool } from './thread-pool.js';
import { Trainer } from './trainer.js';

export interface WorkerOptions {
  readonly bus: Bus;
  readonly role: Member['role'];
  /** The run it was started for; null for a worker of any run. */
  readonly run: string | null;
  readonly serves: (job: Job) => boolean;
  readonly storeOf: (job: Job) => Promise<ArtifactStore>;
  readonly data: string | null;
  readonly classes: readonly JobClass[];
  /** Training jobs at once; null: `foldsPerGpu` for each GPU, or one for each core. CPU-bound jobs get a thread per core besides. */
  readonly trainers: number | null;
  readonly backend: string;
  readonly checkpointEpochs: number;
  readonly codeVersion: string;
  readonly anyVersion: boolean;
  readonly observer: Partial<WorkerObserver>;
}

export interface Worker extends Runner {
  readonly id: string;
  /** Ends threads and training processes and takes the worker off the list; call after drain(), pause() or stop(). */
  close(): Promise<void>;
}

/** A worker: lanes of pool threads and of training processes on this machine, present on the bus. */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { bus, classes, backend, checkpointEpochs, codeVersion } = options;
  // Process ids repeat between containers, which may share a host name.
  const id = `${hostname()}-${process.pid}-${randomUUID().slice(0, 4)}`;
  // What this process may use: fewer than the machine has under a scheduler's affinity.
  const threads = classes.includes('cpu') ? availableParallelism() : 0;
  const pool = new ThreadPool(Math.max(1, threads));
  const trains = classes.includes('gpu') && options.trainers !== 0;
  const { slots, gpuOf } = trains ? trainersOf(backend, options.trainers) : { slots: 0, gpuOf: [] };
  const trainerOn = (gpu: string | null, processes: number): Trainer =>
    new Trainer({
      ...{ backend, gpu, checkpointEpochs, codeVersion },
      threads: Math.max(1, Math.floor(availableParallelism() / processes)),
      jobs: Math.ceil(slots / processes),
    });
  const trainers = gpuOf.map((gpu) => trainerOn(gpu, gpuOf.length));
  // What jobs share a process for is training together. An image encoder would only hold the others up.
  const encoders =
    slots === gpuOf.length
      ? trainers
      : Array.from({ length: slots }, (_, slot) => trainerOn(gpuOf[slot % gpuOf.length] ?? null, slots));
  const lanes = [
    ...Array.from({ length: threads }, () => ({ jobClass: 'cpu' as const, executor: pool })),
    ...Array.from({ length: slots }, (_, slot) => ({
      jobClass: 'gpu' as const,
      executor: byStage(trainers[slot % trainers.length] as Trainer, encoders[slot] as Trainer),
    })),
  ];
  const member: Member = {
    ...{ v: 1, id, role: options.role, host: hostname(), pid: process.pid, codeVersion },
    ...{ node: process.version, backend, run: options.run, state: 'working', jobs: [] },
    classes: [...new Set(lanes.map(({ jobClass }) => jobClass))],
    slots: { cpu: threads, gpu: slots },
    since: new Date().toISOString(),
  };
  const membership = await bus.join(member);
  const tell = (change: Parameters<typeof membership.update>[0]): void =>
    void membership.update(change).catch(() => undefined);
  const presence: Partial<WorkerObserver> = { holding: (jobs) => tell({ jobs: jobs.map(({ key }) => key) }) };
  const observer = together(presence, options.observer);
  observer.joined(member);
  const runner = startRunner({ ...options, worker: id, lanes, observer });
  const ending = (end: () => Promise<void>) => (): Promise<void> => {
    tell({ state: 'draining', classes: [] });
    return end();
  };
  return {
    id,
    ended: runner.ended,
    drain: ending(() => runner.drain()),
    pause: ending(() => runner.pause()),
    stop: ending(() => runner.stop()),
    close: async () => {
      await Promise.all([...new Set([pool, ...trainers, ...encoders])].map((executor) => executor.close()));
      await membership.leave().catch(() => undefined);
    },
  };
}

/** Image encoders apart from training. */
const byStage = (trainer: Trainer, encoder: Trainer): Executor => ({
  run: (work, control) => (work.stage === 'embed' ? encoder : trainer).run(work, control),
});
