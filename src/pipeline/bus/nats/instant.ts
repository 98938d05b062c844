/**
 * A moment on two clocks. `steady` is the monotonic clock, which stops while the machine sleeps. `wall` is the system
 * clock, which a user can set.
 */
export interface Instant {
  readonly steady: number;
  readonly wall: number;
}

export const instant = (): Instant => ({ steady: performance.now(), wall: Date.now() });

/** Milliseconds since a moment. If the two clocks differ, the longer time counts. */
export const msSince = ({ steady, wall }: Instant): number =>
  Math.max(performance.now() - steady, Date.now() - wall);
