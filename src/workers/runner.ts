import { setMaxListeners } from 'node:events';
import {
  concatMap,
  defer,
  EMPTY,
  fromEvent,
  lastValueFrom,
  merge,
  of,
  repeat,
  takeUntil,
  takeWhile,
  timer,
} from 'rxjs';
import type { Lease } from '../pipeline/bus/bus.js';
import { HafError } from '../pipeline/core/errors.js';
import type { JobClass } from '../pipeline/stage.js';
import type { Executor } from './executor.js';
import { perform, type PerformOptions } from './perform.js';

/** A part of a runner that works on one job at a time. It takes only jobs of its class. */
export interface Lane {
  readonly jobClass: JobClass;
  readonly executor: Executor;
}

export interface RunnerOptions extends PerformOptions {
  readonly lanes: readonly Lane[];
}

export interface Runner {
  /** Resolves after `drain`. Rejects when the bus has failed for good, so that a lane can take no more jobs. */
  readonly ended: Promise<void>;
  /** Claims no new jobs. Resolves when the running jobs are settled. */
  drain(): Promise<void>;
  /**
   * Ends training jobs after their current epoch, with a checkpoint, and all other jobs at once. The jobs return to the
   * queue.
   */
  pause(): Promise<void>;
  /** Stops the running jobs at once. The jobs return to the queue. */
  stop(): Promise<void>;
}

/**
 * Exponential backoff of a lane whose machine could not do a job: the first pause. Each further pause is twice as long.
 */
const firstRestMs = 1000;
const longestRestMs = 60_000;

/** Starts the lanes. Each lane claims a job, has it computed, settles it, and claims the next. */
export function startRunner(options: RunnerOptions): Runner {
  const [draining, pausing, stopping] = [new AbortController(), new AbortController(), new AbortController()];
  // Each lane adds a listener to each of these signals. Node warns of a leak at more than ten listeners, and a big
  // machine has more lanes.
  setMaxListeners(0, draining.signal, pausing.signal, stopping.signal);
  const held = new Set<Lease>();
  const change = (): void => options.observer.holding([...held].map(({ job }) => job));
  const work = async (lease: Lease, { executor }: Lane): Promise<'worked' | 'unfit'> => {
    held.add(lease);
    change();
    try {
      return await perform(lease, executor, options, { stop: stopping.signal, pause: pausing.signal });
    } finally {
      held.delete(lease);
      change();
    }
  };
  // A pause of the backoff. It ends early when the runner drains, because draining waits for the lanes.
  const rest = (ms: number) => timer(ms).pipe(takeUntil(fromEvent(draining.signal, 'abort')));
  const lanes = options.lanes.map((lane) => {
    let restMs = 0;
    return defer(() =>
      options.bus.claim(lane.jobClass, options.worker, draining.signal, options.serves),
    ).pipe(
      takeWhile((lease) => lease !== null),
      concatMap(async (lease) => {
        const how = await work(lease, lane);
        restMs = how === 'worked' ? 0 : Math.min(longestRestMs, 2 * restMs || firstRestMs);
      }),
      repeat({ delay: () => (draining.signal.aborted ? EMPTY : restMs > 0 ? rest(restMs) : of(true)) }),
    );
  });
  const ended = lastValueFrom(merge(...lanes), { defaultValue: undefined });
  // Reports a failure even if no caller looks at `ended`.
  ended.catch((error: unknown) => options.observer.broken(HafError.from(error)));
  const drain = (): Promise<void> => {
    draining.abort();
    return ended;
  };
  return {
    ended,
    drain,
    pause: () => {
      pausing.abort();
      return drain();
    },
    stop: () => {
      stopping.abort();
      return drain();
    },
  };
}
