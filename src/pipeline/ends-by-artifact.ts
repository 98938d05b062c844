import { Observable, type Subscriber } from 'rxjs';
import type { RunEvent } from './run-event.js';

/** An event that ends a job of a run. */
export type EndEvent = Extract<RunEvent, { type: 'job-done' | 'job-failed' }>;

/**
 * Delivers the end of each job to the subscribers that wait for its artifact, by a lookup table. With one filter per
 * waiting job, each event would cost time proportional to the number of jobs.
 */
export class EndsByArtifact {
  private readonly waiting = new Map<string, Set<Subscriber<EndEvent>>>();

  constructor(private readonly events: Observable<RunEvent>) {}

  /**
   * Delivers events while it is subscribed to. Emits nothing. It errors and completes together with the events, and
   * so do the waiting subscribers.
   */
  readonly dispatch: Observable<never> = new Observable((subscriber) =>
    this.events.subscribe({
      next: (event) => {
        if (event.type !== 'job-done' && event.type !== 'job-failed') return;
        for (const one of [...(this.waiting.get(event.artifact) ?? [])]) one.next(event);
      },
      error: (error) => subscriber.error(error),
      complete: () => {
        for (const ones of [...this.waiting.values()]) for (const one of [...ones]) one.complete();
        subscriber.complete();
      },
    }),
  );

  /** The ends of jobs that make this artifact, from the subscription on. */
  of(artifact: string): Observable<EndEvent> {
    return new Observable((subscriber) => {
      const ones = this.waiting.get(artifact) ?? new Set();
      this.waiting.set(artifact, ones.add(subscriber));
      return () => {
        ones.delete(subscriber);
        if (ones.size === 0) this.waiting.delete(artifact);
      };
    });
  }
}
