import { setTimeout as sleep } from 'node:timers/promises';
import { tap, type Observable } from 'rxjs';
import type { JetStreamManager, NatsConnection } from 'nats';
import { inboxPrefix, type BrokerRole } from './address.js';
import { HafError } from '../../core/errors.js';
import type { RunEvent, RunEventBody } from '../../run-event.js';
import type { JobClass } from '../../stage.js';
import type { Bus, ConnectionState, Lease, Load, LogNews } from '../bus.js';
import { workItemKey, type Job } from '../job.js';
import { mayBeDoneByOthers, type BusMember, type Membership } from '../member.js';
import { Claims } from './claims.js';
import { connectionState } from './connection-state.js';
import { DeadLetters } from './dead-letters.js';
import { EventLog } from './event-log.js';
import type { NatsLease } from './lease.js';
import { consumedMessages } from './logged-messages.js';
import { lookedUpMessages } from './looked-up-messages.js';
import {
  allCancels,
  cancelSubject,
  consumerOf,
  deadLetterStream,
  eventStream,
  jobStream,
  jobSubject,
  memberBucket,
  token,
  untoken,
  workItemBucket,
} from './names.js';
import { Requests } from './requests.js';
import { withRetries } from './retry.js';
import { Presence } from './presence.js';
import { Pulls } from './pulls.js';
import { QueueGuard } from './queue-guard.js';
import { messageOf, parseMessage } from './queue-message.js';
import { longestMessage } from './stream-settings.js';
import { eventCountOf, runsWithEvents } from './subjects-of.js';
import { abandoned, asked, type WorkItem } from './work-item.js';
import { bucketOf, WorkItems } from './work-items.js';

export interface NatsBusOptions {
  /** Interval at which an orchestrator checks whether the broker has lost its queued jobs. */
  readonly lookMs?: number;
  /** Role of the connection, which decides its permissions. */
  readonly role: BrokerRole;
  readonly leaseMs: number;
  /** Number of failures or vanished workers after which a job is given up. */
  readonly maxAttempts?: number;
  readonly maxLapses?: number;
  readonly retryDelayMs?: number;
}

const encoder = new TextEncoder();
/** First pause of an exponential backoff, after a claim got a job of a store that the worker does not serve. */
const firstRestMs = 10;
const longestRestMs = 1000;

/**
 * The bus over NATS JetStream (docs/architecture.md, "The bus"). A work-queue stream wakes workers. A KV bucket of work
 * items decides by compare-and-swap which worker holds and settles a job. A stream holds the events of all runs.
 */
export class NatsBus implements Bus {
  readonly about: string;
  readonly leaseMs: number;
  readonly connection: Observable<ConnectionState>;
  readonly news: Observable<string>;
  private readonly deadLetters: DeadLetters;
  private readonly log: EventLog;
  private readonly pulls: Pulls;
  private readonly leases = new Set<NatsLease>();
  private readonly claims: Claims;
  private readonly guard: QueueGuard;
  private closing = false;

  private constructor(
    private readonly nc: NatsConnection,
    private readonly jsm: JetStreamManager,
    private readonly requests: Requests,
    private readonly items: WorkItems,
    private readonly presence: Presence,
    options: NatsBusOptions,
  ) {
    this.leaseMs = options.leaseMs;
    this.connection = connectionState(nc);
    this.about = `NATS ${nc.info?.version ?? ''} at ${nc.getServer()}`;
    this.deadLetters = new DeadLetters(requests);
    const source = // Workers and viewers request single messages: they may not make consumers (broker/permissions.ts).
      options.role === 'orchestrator'
        ? consumedMessages(nc.jetstream(), eventStream)
        : lookedUpMessages(jsm, eventStream);
    this.log = new EventLog(requests, source, (message, reason) => {
      if (options.role !== 'viewer') this.deadLetters.event(message, reason);
    });
    this.pulls = new Pulls(nc, inboxPrefix(options.role), requests);
    this.guard = new QueueGuard({
      ...{ nc, jsm, items, presence, log: this.log, leaseMs: options.leaseMs },
      lookMs: options.lookMs ?? 10_000,
      queue: (item) => this.queue(item),
      onBroken: (failure) => this.break(failure),
    });
    this.news = this.guard.news;
    this.claims = new Claims(this.deadLetters, {
      ...{ items, log: this.log },
      maxLapses: options.maxLapses ?? 10,
      maxAttempts: options.maxAttempts ?? 3,
      retryDelayMs: options.retryDelayMs ?? 500,
      othersFor: async (job, decliner, declinedBy) =>
        mayBeDoneByOthers(await presence.members(), job.class, decliner, declinedBy),
      onGivenUp: (job, end) => this.deadLetters.job(job, end),
    });
  }

  /** Makes a bus of a connection. The broker must have been set up. Closing the bus closes the connection. */
  static async on(nc: NatsConnection, options: NatsBusOptions): Promise<NatsBus> {
    const js = nc.jetstream();
    const jsm = await nc.jetstreamManager({ checkAPI: false });
    const bind = { bindOnly: true, allow_direct: true };
    const requests = new Requests(nc, inboxPrefix(options.role));
    const items = new WorkItems(bucketOf(await js.views.kv(workItemBucket, bind), requests), jsm);
    const presence = new Presence(await js.views.kv(memberBucket, bind), jsm);
    const bus = new NatsBus(nc, jsm, requests, items, presence, options);
    void nc.closed().then((error) => bus.onClosed(error));
    if (options.role !== 'viewer')
      nc.subscribe(allCancels, { callback: (_error, message) => bus.onCancel(message.subject) });
    return bus;
  }

  async enqueue(job: Job): Promise<void> {
    const item = await this.items.changeExpected(workItemKey(job), (present) => asked(present, job));
    await this.queue(item);
    this.guard.queued(job, item);
  }

  /** Publishes the message of a queued work item. Idempotent: a claim ignores a second message of one request. */
  private async queue(item: WorkItem | null): Promise<void> {
    if (item?.state !== 'queued') return;
    const data = encoder.encode(messageOf(item));
    if (data.length > longestMessage)
      throw new HafError(
        'HAF_USAGE',
        `The message of ${item.job.key} has ${data.length} bytes, more than the ${longestMessage} a job may have.`,
        'Shorten the names of the files it reads.',
      );
    const id = `${workItemKey(item.job)}.${item.ticket}`;
    await withRetries(() => this.requests.append(jobSubject(item.job), data, { id }));
  }

  async claim(
    jobClass: JobClass,
    worker: string,
    signal: AbortSignal,
    serves: (job: Job) => boolean = () => true,
  ): Promise<Lease | null> {
    for (let foreign = 0; ;) {
      const message = await this.pulls.next(jobClass, signal);
      if (!message) return null;
      const lease = await this.claims.take(message, worker, serves);
      if (lease === 'foreign') {
        // Without a pause, this loop would take and return jobs of other stores again and again.
        foreign = Math.min(longestRestMs, 2 * foreign || firstRestMs);
        await sleep(foreign, undefined, { signal }).catch(() => undefined);
        continue;
      }
      foreign = 0;
      if (!lease) continue;
      this.leases.add(lease);
      lease.lost.addEventListener('abort', () => this.leases.delete(lease), { once: true });
      return lease;
    }
  }

  async withdraw(run: string): Promise<readonly string[]> {
    this.guard.forget(run);
    return (await this.abandon(run, false)).map(({ job }) => job.artifact);
  }

  async cancel(run: string): Promise<void> {
    this.guard.forget(run);
    await this.abandon(run, true);
    this.nc.publish(cancelSubject(run));
    await this.nc.flush();
  }

  /** Removes a run from the work items it waits for. Returns the work items that no run waits for any more. */
  private async abandon(run: string, running: boolean): Promise<readonly WorkItem[]> {
    const withdrawn: WorkItem[] = [];
    for (const key of await this.items.keys()) {
      let before: WorkItem | null = null;
      const after = await this.items.change(key, (item) => {
        before = item;
        return abandoned(item, run, running);
      });
      if (!after || !before) continue;
      const { state } = before as WorkItem;
      if (state === 'queued') await this.forget(before);
      if (after.state === 'withdrawn') withdrawn.push(after);
      else if (after.ticket !== (before as WorkItem).ticket) await this.queue(after);
    }
    return withdrawn;
  }

  /** Removes an item's message, so that the queue's length counts only waiting jobs. Claims ignore a stale message. */
  private async forget(item: WorkItem): Promise<void> {
    try {
      const wanted = { last_by_subj: jobSubject(item.job) };
      const { seq, data } = await this.jsm.streams.getMessage(jobStream, wanted);
      // Do not delete the message of a later request, or of a run with the same name in another store.
      const found = parseMessage(data);
      if (
        'fault' in found ||
        found.ticket !== item.ticket ||
        workItemKey(found.job) !== workItemKey(item.job)
      )
        return;
      await this.jsm.streams.deleteMessage(jobStream, seq);
    } catch {
      // No error: the message is gone already, or a worker is claiming it.
    }
  }

  publish(run: string, event: RunEventBody): Promise<string> {
    return this.log.publish(run, event);
  }

  events(run: string): Observable<RunEvent> {
    return this.log.events(run).pipe(
      tap((event) => {
        if (event.type === 'job-done' || event.type === 'job-failed') this.guard.ended(event.artifact);
      }),
    );
  }

  readonly read = (run: string): Observable<LogNews> => this.log.read(run);

  async history(run: string): Promise<readonly RunEvent[]> {
    return (await this.published(run)) > 0 ? this.log.history(run) : [];
  }

  readonly published = (run: string): Promise<number> => eventCountOf(this.jsm, run);

  async load(): Promise<Load> {
    const queueOf = async (jobClass: JobClass): Promise<Load['queues']['cpu']> => {
      const info = await withRetries(() => this.jsm.consumers.info(jobStream, consumerOf(jobClass)));
      return { waiting: info.num_pending, running: info.num_ack_pending };
    };
    const [cpu, gpu] = await Promise.all([queueOf('cpu'), queueOf('gpu')]);
    const { state } = await withRetries(() => this.jsm.streams.info(deadLetterStream));
    return { queues: { cpu, gpu }, deadLetters: state.messages };
  }

  readonly runs = (): Promise<readonly string[]> => runsWithEvents(this.jsm);

  async latestRun(): Promise<string | null> {
    const { state } = await withRetries(() => this.jsm.streams.info(eventStream));
    if (state.messages === 0) return null;
    const last = await withRetries(() => this.jsm.streams.getMessage(eventStream, { seq: state.last_seq }));
    return untoken(last.subject.split('.')[3] ?? '');
  }

  join(member: BusMember): Promise<Membership> {
    return this.presence.join(member);
  }

  members(): Promise<readonly BusMember[]> {
    return this.presence.members();
  }

  async close(): Promise<void> {
    this.closing = true;
    this.guard.close();
    this.log.close();
    this.pulls.close();
    await this.nc.drain().catch(() => undefined);
  }

  /** The client gives up a connection only if the broker refuses it repeatedly, for example that of a removed user. */
  private onClosed(error: Error | void): void {
    if (this.closing) return;
    const failure = new HafError(
      'HAF_BROKER_REFUSED',
      `The broker has ended the connection permanently${error ? `: ${error.message}` : ''}.`,
      'Check the credentials, then run the same command again: finished work is kept.',
    );
    this.break(failure);
  }

  private break(failure: HafError): void {
    this.guard.close();
    this.log.close(failure);
    this.pulls.fail(failure);
  }

  /** Sends heartbeats for the cancelled run's leases now, to learn early whether the leases are still valid. */
  private onCancel(subject: string): void {
    const run = subject.split('.')[3];
    for (const lease of this.leases)
      if (lease.isFor((name) => token(name) === run)) void lease.heartbeat().catch(() => undefined);
  }
}
