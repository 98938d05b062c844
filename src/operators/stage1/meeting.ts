interface Guest<Brought, Taken> {
  readonly brought: Brought;
  readonly resolve: (taken: Promise<Taken>) => void;
}

/** What somebody brought to a meeting. */
export interface Share<Brought> {
  readonly who: number;
  readonly brought: Brought;
}

/**
 * Waits until everybody who is awaited has come or left, and then computes once for all who came. It can be held again and
 * again.
 */
export class Meeting<Brought, Taken> {
  private readonly present = new Map<number, Guest<Brought, Taken>>();
  private readonly awaited: Set<number>;

  /** @param hold what each gets, in the order given; one promise may fail without the others */
  constructor(
    awaited: Iterable<number>,
    private readonly hold: (shares: readonly Share<Brought>[]) => readonly Promise<Taken>[],
  ) {
    this.awaited = new Set(awaited);
  }

  expect(who: number): void {
    this.awaited.add(who);
  }

  /** Settles when the meeting has been held. */
  come(who: number, brought: Brought): Promise<Taken> {
    return new Promise((resolve) => {
      this.present.set(who, { brought, resolve });
      this.holdWhenComplete();
    });
  }

  leave(who: number): void {
    this.awaited.delete(who);
    this.holdWhenComplete();
  }

  private holdWhenComplete(): void {
    if (this.present.size === 0 || this.present.size < this.awaited.size) return;
    // Their order is that of who they are: who came first changes no result.
    const guests = [...this.present].sort(([a], [b]) => a - b);
    this.present.clear();
    const taken = this.hold(guests.map(([who, { brought }]) => ({ who, brought })));
    guests.forEach(([, { resolve }], i) => resolve(taken[i] as Promise<Taken>));
  }
}
