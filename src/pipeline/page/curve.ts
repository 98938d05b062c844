import { filter, lastValueFrom, takeUntil, takeWhile, tap, timer, type Observable } from 'rxjs';
import type { Curve } from '../../page/wire.js';
import type { RunEvent } from '../run-event.js';
import type { RunNews } from './page-source.js';

/** Timeout for reading a log up to the wanted event. */
const timeoutMs = 10_000;
/** Maximum number of values kept per run. They take 32 MiB. */
const mostNumbers = 4 * 2 ** 20;

type Epoch = Extract<RunEvent, { type: 'job-epoch' }>;

/** A job's metrics in the order of the epochs. NaN: the metric has no value in this epoch. */
interface Kept {
  readonly epochs: number[];
  readonly lines: Map<string, number[]>;
}

/**
 * The learning curves of the jobs of a run. If an interrupted job repeats an epoch, the new values replace the earlier
 * ones. Memory is bounded: the curves of the jobs that have had no event for the longest time are evicted.
 */
export class Curves {
  private readonly kept = new Map<string, Kept>();
  /** Jobs whose curves were evicted. Their later events are ignored, because they would give only part of a curve. */
  private readonly dropped = new Set<string>();
  private numbers = 0;

  constructor(private readonly most = mostNumbers) {}

  add({ job, epoch, metrics }: Epoch): void {
    if (this.dropped.has(job)) return;
    const curve: Kept = this.kept.get(job) ?? { epochs: [], lines: new Map<string, number[]>() };
    this.kept.delete(job);
    this.kept.set(job, curve);
    const { epochs, lines } = curve;
    const last = epochs.at(-1) ?? -Infinity;
    const at = epoch > last ? epochs.length : epochs.findIndex((one) => one >= epoch);
    const before = (lines.size + 1) * epochs.length;
    const repeated = epochs[at] === epoch;
    epochs.splice(at, repeated ? 1 : 0, epoch);
    for (const name of Object.keys(metrics))
      if (!lines.has(name)) lines.set(name, new Array<number>(epochs.length - (repeated ? 0 : 1)).fill(NaN));
    for (const [name, values] of lines) values.splice(at, repeated ? 1 : 0, metrics[name] ?? NaN);
    this.numbers += (lines.size + 1) * epochs.length - before;
    this.makeRoom();
  }

  /** The curve of a job. Null if it was evicted. */
  of(job: string): Curve | null {
    if (this.dropped.has(job)) return null;
    const { epochs, lines } = this.kept.get(job) ?? { epochs: [], lines: new Map<string, number[]>() };
    return {
      ...{ job, epochs },
      lines: [...lines].map(([name, values]) => ({
        name,
        values: values.map((value) => (Number.isNaN(value) ? null : value)),
      })),
    };
  }

  private makeRoom(): void {
    for (const [job, { epochs, lines }] of this.kept) {
      if (this.numbers <= this.most) return;
      this.kept.delete(job);
      this.dropped.add(job);
      this.numbers -= (lines.size + 1) * epochs.length;
    }
  }
}

/**
 * The learning curve of one job, read from the log of its run. Null if the log could not be read in time.
 *
 * @param until sequence number of the last event to read
 */
export async function readCurve(
  news: Observable<RunNews>,
  job: string,
  until: number,
): Promise<Curve | null> {
  const curves = new Curves(Infinity);
  const last = await lastValueFrom(
    news.pipe(
      takeUntil(timer(timeoutMs)),
      filter((one) => typeof one !== 'string'),
      takeWhile(({ seq }) => seq < until, true),
      tap((event) => {
        if (event.type === 'job-epoch' && event.job === job) curves.add(event);
      }),
    ),
    { defaultValue: null },
  );
  return last !== null && last.seq >= until ? curves.of(job) : null;
}
