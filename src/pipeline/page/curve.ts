import { filter, lastValueFrom, takeUntil, takeWhile, timer, toArray, type Observable } from 'rxjs';
import type { Curve } from '../../page/wire.js';
import type { RunEvent } from '../run-event.js';
import type { RunNews } from './page-source.js';

/** A log that does not reach the event it should is given up after this time. */
const patienceMs = 10_000;

type Epoch = Extract<RunEvent, { type: 'job-epoch' }>;

/**
 * The learning curve of a job, read from the log of its run. Epochs that a job repeats after it was interrupted replace
 * the earlier ones.
 *
 * @param until number of the last event to read
 */
export async function curveOf(news: Observable<RunNews>, job: string, until: number): Promise<Curve> {
  if (until === 0) return { job, epochs: [], lines: [] };
  const events = await lastValueFrom(
    news.pipe(
      takeUntil(timer(patienceMs)),
      filter((one) => typeof one !== 'string'),
      takeWhile(({ seq }) => seq < until, true),
      filter((event): event is RunEvent & Epoch => event.type === 'job-epoch' && event.job === job),
      toArray(),
    ),
    { defaultValue: [] },
  );
  const byEpoch = new Map(events.map((event) => [event.epoch, event.metrics]));
  const epochs = [...byEpoch.keys()].sort((a, b) => a - b);
  const names = [...new Set([...byEpoch.values()].flatMap((metrics) => Object.keys(metrics)))];
  return {
    ...{ job, epochs },
    lines: names.map((name) => ({ name, values: epochs.map((epoch) => byEpoch.get(epoch)?.[name] ?? null) })),
  };
}
