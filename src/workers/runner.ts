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

/** A slot of a worker: it takes one job of its class at a time. */
export interface Lane {
  readonly jobClass: JobClass;
  readonly executor: Executor;
}

export interface RunnerOptions extends PerformOptions {
  readonly lanes: readonly Lane[];
}

export interface Runner {
  /** Rejects when a lane can take no more jobs, because the bus failed for good; otherwise settles on drain. */
  readonly ended: Promise<void>;
  /** Takes no new job; resolves when the running ones are settled. */
  drain(): Promise<void>;
  /** Training jobs end after their epoch with their state kept, all others at once; they go back to the queue. */
  pause(): Promise<void>;
  /** Stops the running jobs at once; they go back to the queue. */
  stop(): Promise<void>;
}

/** A lane whose machine could not do a job rests this long, then twice as long, and so on. */
const firstRestMs = 1000;
const longestRestMs = 60_000;

/** Pulls jobs lane by lane, has them computed and settles them. */
export function startRunner(options: RunnerOptions): Runner {
  const [draining, pausing, stopping] = [new AbortController(), new AbortController(), new AbortController()];
  // Each lane listens, and a big machine has more than the ten that Node takes for a leak.
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
  // Draining does not wait until a lane is rested.
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
  // Who drains or watches `ended` learns of a failure; nobody has to.
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
