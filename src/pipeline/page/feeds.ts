import { setTimeout as sleep } from 'node:timers/promises';
import type { PageSource } from './page-source.js';
import { RunFeed } from './run-feed.js';

/**
 * Time in milliseconds for which a feed without watchers is kept. After a reload, a browser then finds the feed
 * unchanged.
 */
const keepMs = 120_000;
/** Maximum number of feeds without watchers. The oldest are closed first. */
const mostIdle = 8;
/**
 * Delay in ms before the feeds are closed, so that watchers receive the end of the run. `up` writes the end to the log
 * just before it closes the page. The delay is longer than the polling interval of the log.
 */
const lastLookMs = 200;

interface Kept {
  readonly feed: RunFeed;
  watchers: number;
  end: NodeJS.Timeout | undefined;
}

/**
 * One feed for each watched run. A feed (`RunFeed`) keeps the state of a run for its watchers: the open requests of
 * browsers.
 */
export class Feeds {
  private readonly kept = new Map<string, Kept>();

  constructor(private readonly source: PageSource) {}

  /** The feed of a run. The caller must call `leave` when it no longer needs it. */
  enter(run: string): RunFeed {
    const kept = this.kept.get(run) ?? {
      ...{ feed: new RunFeed(run, this.source), watchers: 0, end: undefined },
    };
    clearTimeout(kept.end);
    kept.watchers++;
    this.kept.set(run, kept);
    return kept.feed;
  }

  leave(run: string): void {
    const kept = this.kept.get(run);
    if (kept === undefined || --kept.watchers > 0) return;
    kept.end = setTimeout(() => this.drop(run), keepMs).unref();
    const idle = [...this.kept].filter(([, { watchers }]) => watchers === 0);
    for (const [other] of idle.slice(0, Math.max(0, idle.length - mostIdle))) this.drop(other);
  }

  /** Sends the last content of the logs to the watchers, then closes all feeds. */
  async close(): Promise<void> {
    if ([...this.kept.values()].some(({ watchers }) => watchers > 0)) await sleep(lastLookMs);
    for (const run of [...this.kept.keys()]) this.drop(run);
  }

  private drop(run: string): void {
    const kept = this.kept.get(run);
    if (kept === undefined) return;
    clearTimeout(kept.end);
    kept.feed.close();
    this.kept.delete(run);
  }
}
