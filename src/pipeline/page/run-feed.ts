import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import {
  BehaviorSubject,
  endWith,
  filter,
  firstValueFrom,
  ignoreElements,
  map,
  merge,
  Subject,
  timer,
  type Subscription,
} from 'rxjs';
import type { Frame, Sections } from '../../page/wire.js';
import type { BusMember } from '../bus/member.js';
import { advance, emptyState, type RunState } from '../observe/run-state.js';
import { readPlan } from '../runs/plan-file.js';
import type { StageName } from '../stage.js';
import { Curves } from './curve.js';
import type { PageSource, RunNews } from './page-source.js';
import { pageSections } from './run-sections.js';
import { WorkerBook } from './worker-book.js';

/** Minimum time between two builds of the sections, whatever the number of events and watchers. */
const tickMs = 50;
/** The longer interval while the log so far is being read, because drawing old states would slow down the reading. */
const readingTickMs = 250;
/** Rates count the jobs that ended in the last minute. */
const minuteMs = 60_000;
/**
 * Interval of requests for the workers. Rates and the remaining time are also recomputed at this interval, even
 * without an event.
 */
const askMs = 2000;
/** Time after which a lost broker is tried again. */
const retryMs = 2000;
/** Timeout for reading the log so far. */
const timeoutMs = 10_000;

/**
 * The state of a run for its watchers: JSON texts of sections, each with a version. All watchers share the same
 * texts. A watcher asks for the sections that are newer than the version it knows. So a slow watcher skips frames and
 * does not fill memory, and a watcher that reconnects gets what it missed.
 */
export class RunFeed {
  readonly changes = new Subject<void>();
  /** Whether the log so far has been read. */
  private readonly read = new BehaviorSubject(false);
  /**
   * Identifies this feed in the event ids that it sends. Every feed counts its versions from 0, so an event id of
   * another feed (an earlier one, or one of another process) says nothing about the versions of this feed.
   */
  private readonly session = randomUUID().slice(0, 8);
  private version = 0;
  private readonly texts = new Map<keyof Sections, { readonly version: number; readonly text: string }>();
  private state: RunState = emptyState;
  private unread = 0;
  private gone = false;
  /**
   * Whether the log is read again after an error and has given no news yet. Until the first news, the page shows the
   * state known so far.
   */
  private anew = false;
  private driven: boolean | null = null;
  private readonly workers = new WorkerBook();
  private readonly endedAt = new Map<StageName, number[]>();
  private kept = new Curves();
  private reads: ReadonlyMap<string, readonly string[]> = new Map();
  private planRead = false;
  private following: Subscription | null = null;
  private tick: NodeJS.Timeout | undefined;
  private builtAt = -Infinity;
  private readonly asking: NodeJS.Timeout;
  private readonly asked: Promise<void>;
  private closed = false;

  constructor(
    readonly run: string,
    private readonly source: PageSource,
  ) {
    this.follow();
    this.asking = setInterval(() => void this.ask(), askMs);
    this.asked = this.ask();
  }

  /** The current state, for requests whose answer is not in a section. */
  get now(): RunState {
    return this.state;
  }

  get curves(): Curves {
    return this.kept;
  }

  /** The version that an event id names. 0 if the id belongs to another feed. */
  versionOf(id: string | undefined): number {
    const [session, version] = id?.split('.') ?? [];
    return session === this.session && /^\d{1,12}$/.test(version ?? '') ? Number(version) : 0;
  }

  /** The sections newer than a version, as JSON of a `Frame`. Null if none is newer. */
  since(version: number): { readonly id: string; readonly version: number; readonly data: string } | null {
    if (version >= this.version) return null;
    const parts = [...this.texts].filter(([, text]) => text.version > version);
    const data = `{${parts.map(([name, { text }]) => `"${name}":${text}`).join()}}`;
    return { id: `${this.session}.${this.version}`, version: this.version, data };
  }

  /** Waits until the log so far is read. False if that takes too long, or if the feed was closed. */
  caughtUp(): Promise<boolean> {
    const late = timer(timeoutMs).pipe(map(() => false));
    const ended = this.read.pipe(ignoreElements(), endWith(false));
    return firstValueFrom(merge(this.read.pipe(filter(Boolean)), late, ended));
  }

  /** All sections as JSON of a `Frame`; null until the log so far is read. */
  async whole(): Promise<string | null> {
    if (!(await this.caughtUp())) return null;
    await this.asked;
    clearTimeout(this.tick);
    this.build();
    return this.since(0)?.data ?? null;
  }

  /** Whether the feed was closed, so that no section will change any more. */
  get ended(): boolean {
    return this.closed;
  }

  close(): void {
    clearTimeout(this.tick);
    if (this.tick !== undefined) this.build();
    this.closed = true;
    clearInterval(this.asking);
    this.following?.unsubscribe();
    this.changes.complete();
    this.read.complete();
  }

  private follow(): void {
    if (this.closed) return;
    this.following = this.source.news(this.run).subscribe({
      next: (news) => this.take(news),
      // After an error the log is read again from its start.
      error: () =>
        setTimeout(() => {
          if (this.closed) return;
          this.anew = true;
          this.read.next(false);
          this.follow();
        }, retryMs).unref(),
    });
  }

  private take(news: RunNews): void {
    if (this.anew) this.forget();
    if (news === 'unread') this.unread++;
    else if (news === 'caught-up') {
      if (this.read.value) return;
      this.read.next(true);
      this.builtAt = -Infinity;
      clearTimeout(this.tick);
      this.tick = undefined;
    } else if (news === 'gone') {
      this.gone = true;
      this.forget();
    } else {
      this.gone = false;
      this.state = advance(this.state, news);
      if (news.type === 'run-started') this.planRead = false;
      if (news.type === 'job-epoch') this.kept.add(news);
      if (news.type === 'job-done') this.noteEnd(news.stage, Date.parse(news.at));
    }
    this.soon();
  }

  /** Drops the events so far, because the log is read again from its start. */
  private forget(): void {
    this.anew = false;
    this.state = emptyState;
    this.unread = 0;
    this.endedAt.clear();
    this.kept = new Curves();
  }

  private noteEnd(stage: StageName, at: number): void {
    if (Date.now() - at >= minuteMs) return;
    const times = this.endedAt.get(stage);
    if (times) times.push(at);
    else this.endedAt.set(stage, [at]);
  }

  /**
   * Builds the sections soon: at once if the last build was long ago, otherwise `tickMs` after the last build
   * (`readingTickMs` while the log so far is read).
   */
  private soon(): void {
    if (this.closed) return;
    const wait = Math.max(0, this.builtAt + (this.read.value ? tickMs : readingTickMs) - performance.now());
    this.tick ??= setTimeout(() => this.build(), wait);
  }

  private async ask(): Promise<void> {
    const patient = <T>(question: Promise<T>): Promise<T | null> =>
      Promise.race([
        question.catch(() => null),
        new Promise<null>((resolve) => setTimeout(resolve, askMs, null).unref()),
      ]);
    const members: readonly BusMember[] | null = await patient(this.source.members());
    if (members !== null) this.workers.look(members, Date.now());
    this.driven = await patient(this.source.driven(this.run));
    this.soon();
  }

  private build(): void {
    this.tick = undefined;
    this.builtAt = performance.now();
    const directory = this.source.directory(this.run);
    if (directory !== null && this.read.value && !this.planRead) {
      this.planRead = true;
      this.reads = readsOfPlan(directory);
    }
    const from = Date.now() - minuteMs;
    for (const times of this.endedAt.values()) {
      const recent = times.findIndex((at) => at > from);
      times.splice(0, recent < 0 ? times.length : recent);
    }
    const sections: Frame = pageSections(this.state, {
      run: this.run,
      unread: this.unread,
      link: this.gone ? 'gone' : this.source.connected() ? 'ok' : 'away',
      driven: this.driven,
      hasFiles: directory,
      perMinute: (stage) => this.endedAt.get(stage)?.length ?? 0,
      reads: this.reads,
      workers: this.workers.rows(this.state.running),
    });
    let next = this.version;
    for (const [name, section] of Object.entries(sections) as [keyof Sections, unknown][]) {
      const text = JSON.stringify(section);
      if (this.texts.get(name)?.text === text) continue;
      next = this.version + 1;
      this.texts.set(name, { version: next, text });
    }
    if (next === this.version) return;
    this.version = next;
    this.changes.next();
  }
}

/** The stages that each stage of a run reads, from the recipes in its `plan.json`. Empty if the file is missing. */
function readsOfPlan(directory: string): ReadonlyMap<string, readonly string[]> {
  const reads = new Map<string, Set<string>>();
  for (const { stage, inputs } of readPlan(join(directory, 'plan.json'), null).values()) {
    const known = reads.get(stage) ?? new Set();
    for (const { role, ids } of inputs) if (ids.length > 0) known.add(role);
    reads.set(stage, known);
  }
  return new Map([...reads].map(([stage, roles]) => [stage, [...roles]]));
}
