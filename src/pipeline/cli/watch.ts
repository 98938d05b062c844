import { distinct, filter, lastValueFrom, takeWhile, tap } from 'rxjs';
import { openJoinedBus } from '../bus/open.js';
import { exitCodes, type ExitCode } from '../core/errors.js';
import { localRootOf } from './local-root.js';
import type { WatchOptions } from './options.js';
import { say } from './output.js';
import { rendererFor } from './render/renderer.js';
import { requireRun } from './require-run.js';

/**
 * `watch [RUN]`: shows the events of a run as they happen, until it ends. A live view is built from the whole log; lines and
 * JSON start where `--from` says. After a cut it goes on where it was.
 */
export async function watch(run: string | undefined, options: WatchOptions): Promise<ExitCode> {
  const joined = await openJoinedBus('viewer', { broker: options, store: await localRootOf(options.store) });
  const { bus } = joined;
  const renderer = rendererFor(options.json ?? false);
  const leave = (): void => process.exit(exitCodes.interrupted);
  process.once('SIGINT', leave).once('SIGTERM', leave);
  try {
    const name = await requireRun(bus, run);
    const known = await bus.published(name);
    let shownAny = false;
    const whole = options.from === 'start' || (!options.json && process.stderr.isTTY);
    const shown = bus.events(name).pipe(
      distinct(({ id }) => id),
      tap((event) => {
        if (!whole && event.seq <= known) return;
        shownAny = true;
        renderer.event(event);
      }),
      // A run that was ended and taken up again has more than one end; the last of those known may be the present one.
      takeWhile((event) => event.type !== 'run-finished' || event.seq < known, true),
      filter((event) => event.type === 'run-finished'),
    );
    const last = await lastValueFrom(shown, { defaultValue: null });
    if (last && !shownAny)
      say(`${name} ${last.outcome.replaceAll('-', ' ')} at ${last.at}; --from start shows it.`);
    return last?.type === 'run-finished' && last.outcome === 'failed' ? exitCodes.unexpected : exitCodes.ok;
  } finally {
    renderer.close();
    process.off('SIGINT', leave).off('SIGTERM', leave);
    await joined.leave();
  }
}
