import { randomUUID } from 'node:crypto';
import { availableParallelism, hostname } from 'node:os';
import type { Bus } from '../pipeline/bus/bus.js';
import type { Job } from '../pipeline/bus/job.js';
import type { BusMember } from '../pipeline/bus/member.js';
import { together, type WorkerObserver } from '../pipeline/observe/worker-observer.js';
import type { Recipe } from '../pipeline/recipe.js';
import type { JobClass } from '../pipeline/stage.js';
import type { ArtifactStore } from '../pipeline/store/store.js';
import type { Executor } from './executor.js';
import { HeldJobs } from './held-jobs.js';
import { trainersOf } from './trainers-of.js';
import { startRunner, type Runner } from './runner.js';
import { ThreadPool } from './thread-pool.js';
import { Trainer } from './trainer.js';

export interface WorkerOptions {
  readonly bus: Bus;
  readonly role: BusMember['role'];
  /** The run for which the worker was started. Null for a worker that serves any run. */
  readonly run: string | null;
  readonly serves: (job: Job) => boolean;
  readonly storeOf: (job: Job) => Promise<ArtifactStore>;
  readonly data: string | null;
  readonly recipeOf?: (artifact: string) => Recipe | null;
  readonly classes: readonly JobClass[];
  /**
   * Number of concurrent training jobs. Null: `foldsPerGpu` for each GPU, or one for each core. CPU-bound jobs have one
   * thread per core in addition.
   */
  readonly trainers: number | null;
  readonly backend: string;
  readonly checkpointEpochs: number;
  readonly codeVersion: string;
  readonly anyVersion: boolean;
  readonly observer: Partial<WorkerObserver>;
}

export interface Worker extends Runner {
  readonly id: string;
  /** Ends threads and training processes, and leaves the list of members. Call it after drain(), pause() or stop(). */
  close(): Promise<void>;
}

/** Starts a worker: lanes of pool threads and of training processes on this machine, and a membership in the bus. */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { bus, classes, backend, checkpointEpochs, codeVersion } = options;
  // The random part of the id is needed, because containers may share a host name, and their process ids repeat.
  const id = `${hostname()}-${process.pid}-${randomUUID().slice(0, 4)}`;
  // The cores that this process may use. Under a scheduler they may be fewer than the machine has.
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
  // Training jobs share a process for lockstep. An image encoder in the same process would delay them. On a GPU,
  // encoders always have processes of their own, because onnxruntime with CUDA cannot be loaded beside the onnxruntime
  // that trains.
  const onGpu = gpuOf.some((gpu) => gpu !== null) || process.env['HAF_ENCODER_DEVICE'] === 'cuda';
  const encoders =
    slots === gpuOf.length && !onGpu
      ? trainers
      : Array.from({ length: slots }, (_, slot) => trainerOn(gpuOf[slot % gpuOf.length] ?? null, slots));
  const lanes = [
    ...Array.from({ length: threads }, () => ({ jobClass: 'cpu' as const, executor: pool })),
    ...Array.from({ length: slots }, (_, slot) => ({
      jobClass: 'gpu' as const,
      executor: byStage(trainers[slot % trainers.length] as Trainer, encoders[slot] as Trainer),
    })),
  ];
  const member: BusMember = {
    ...{ v: 1, id, role: options.role, host: hostname(), pid: process.pid, codeVersion },
    ...{ node: process.version, backend, run: options.run, state: 'working', jobs: [] },
    classes: [...new Set(lanes.map(({ jobClass }) => jobClass))],
    slots: { cpu: threads, gpu: slots },
    since: new Date().toISOString(),
  };
  const membership = await bus.join(member);
  const tell = (change: Parameters<typeof membership.update>[0]): void =>
    void membership.update(change).catch(() => undefined);
  const held = new HeldJobs((jobs) => tell({ jobs }));
  const presence: Partial<WorkerObserver> = { holding: (jobs) => held.change(jobs) };
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
      held.close();
      await Promise.all([...new Set([pool, ...trainers, ...encoders])].map((executor) => executor.close()));
      await membership.leave().catch(() => undefined);
    },
  };
}

/** Sends jobs of image encoders to `encoder` and all others to `trainer`. */
const byStage = (trainer: Trainer, encoder: Trainer): Executor => ({
  run: (work, control) => (work.stage === 'embed' ? encoder : trainer).run(work, control),
});
