import { Observable, type Subscriber } from 'rxjs';
import type { RunEvent } from './run-event.js';

/** The event that ends a job for a run. */
export type EndEvent = Extract<RunEvent, { type: 'job-done' | 'job-failed' }>;

/**
 * Hands each end of a job to those who wait for its artifact, by a table: with a filter for each waiting job, an event would
 * cost as much as there are jobs.
 */
export class EndsByArtifact {
  private readonly waiting = new Map<string, Set<Subscriber<EndEvent>>>();

  constructor(private readonly events: Observable<RunEvent>) {}

  /** Hands events on while it is subscribed to; emits nothing. Errors and ends with the events, as does whoever waits then. */
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
