import { distinct, lastValueFrom, scan, takeWhile, tap } from 'rxjs';
import { openJoinedBus } from './open-bus.js';
import type { RunEvent } from '../run-event.js';
import { exitCodes, type ExitCode } from '../core/errors.js';
import { followDriver, followWorkers } from './follow-workers.js';
import { localRootOf } from './local-root.js';
import type { WatchOptions } from './options.js';
import { say } from './output.js';
import { rendererFor } from './render/renderer.js';
import { requireRun } from './require-run.js';

/**
 * `watch [RUN]`: shows the events of a run as they happen, until the run ends. A live view is built from the whole
 * log. Lines and JSON start where `--from` says. After a lost connection, `watch` continues from the last event.
 */
export async function watch(run: string | undefined, options: WatchOptions): Promise<ExitCode> {
  const joined = await openJoinedBus('viewer', { broker: options, store: await localRootOf(options.store) });
  const { bus } = joined;
  const renderer = rendererFor(options.json ?? false);
  const leave = (): void => process.exit(exitCodes.interrupted);
  process.once('SIGINT', leave).once('SIGTERM', leave);
  let stopCounting = (): void => undefined;
  try {
    const name = await requireRun(bus, run);
    const past = await bus.history(name);
    const known = past.at(-1)?.seq ?? 0;
    let shownAny = false;
    if (!options.json && !process.stderr.isTTY) say(`following ${name}`);
    const whole = options.from === 'start' || (!options.json && process.stderr.isTTY);
    const stops = [
      followWorkers(bus, name, (count) => renderer.elsewhere?.(count)),
      followDriver(bus, name, (there) =>
        renderer.note(
          there
            ? `${name} goes on`
            : `${name}: its "up" process has ended; the same "up" command resumes the run, and this command waits for that`,
        ),
      ),
    ];
    stopCounting = () => stops.forEach((stop) => stop());
    const shown = bus.events(name).pipe(
      distinct(({ id }) => id),
      tap((event) => {
        if (!whole && event.seq <= known) return renderer.past?.(event);
        shownAny = true;
        renderer.event(event);
      }),
      // An end in the log is not always the last event: a resumed run has several ends, and a worker that continued may
      // add events after an end. So reading continues at least to the last event of the log at the start.
      scan(standAfter, { end: null, seq: 0 }),
      takeWhile(({ end, seq }) => end === null || seq < known, true),
    );
    const { end } = await lastValueFrom(shown, { defaultValue: { end: null } });
    if (end && !shownAny)
      say(`${name} ${end.outcome.replaceAll('-', ' ')} at ${end.at}; --from start shows it.`);
    return end?.outcome === 'failed' ? exitCodes.unexpected : exitCodes.ok;
  } finally {
    stopCounting();
    renderer.close();
    process.off('SIGINT', leave).off('SIGTERM', leave);
    await joined.leave();
  }
}

/** Position in the log of a run: its last event, and the end of the run, unless the run was resumed since. */
interface Stand {
  readonly end: Extract<RunEvent, { type: 'run-finished' }> | null;
  readonly seq: number;
}

function standAfter({ end }: Stand, event: RunEvent): Stand {
  const { seq } = event;
  if (event.type === 'run-finished') return { end: event, seq };
  return { end: event.type === 'run-started' ? null : end, seq };
}
