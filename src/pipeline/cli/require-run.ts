import type { Bus } from '../bus/bus.js';
import { HafError } from '../core/errors.js';

/**
 * The name of a run that has events on the broker. Without a name, or with "latest": the run with the most recent
 * event.
 * @throws HafError HAF_RUN_UNKNOWN
 */
export async function requireRun(bus: Bus, run: string | undefined): Promise<string> {
  const latest = await bus.latestRun();
  const name = run === undefined || run === 'latest' ? latest : run;
  if (name !== null && (await bus.published(name)) > 0) return name;
  throw new HafError(
    'HAF_RUN_UNKNOWN',
    name === null
      ? `There has been no run on this broker (${bus.about}).`
      : `Nothing is known of run "${name}" on this broker (${bus.about}).`,
    latest === null
      ? 'Start one with "haf-pipeline up".'
      : `Give the whole name of a run, or "latest" (${latest}).`,
  );
}
