/** A moment on two clocks: the steady clock stands still while the machine sleeps, and the other one can be set. */
export interface Instant {
  readonly steady: number;
  readonly wall: number;
}

export const instant = (): Instant => ({ steady: performance.now(), wall: Date.now() });

/** Milliseconds since a moment: by the clock that shows more of them. */
export const msSince = ({ steady, wall }: Instant): number =>
  Math.max(performance.now() - steady, Date.now() - wall);
