interface Waiting<Input, Result> {
  readonly input: Input;
  readonly resolve: (result: Promise<Result>) => void;
}

/** The input of one party at a barrier. */
export interface Arrival<Input> {
  readonly party: number;
  readonly input: Input;
}

/**
 * A cyclic barrier: it waits until every registered party has arrived, and then computes once for all of them. The barrier
 * is reusable. After a party has deregistered, the others do not wait for it.
 */
export class Barrier<Input, Result> {
  private readonly waiting = new Map<number, Waiting<Input, Result>>();
  private readonly registered: Set<number>;

  /**
   * @param action gets all arrivals, and returns one promise per arrival in the same order. If a promise fails, only
   * the party of its arrival gets the error
   */
  constructor(
    parties: Iterable<number>,
    private readonly action: (arrivals: readonly Arrival<Input>[]) => readonly Promise<Result>[],
  ) {
    this.registered = new Set(parties);
  }

  register(party: number): void {
    this.registered.add(party);
  }

  /** Resolves with the result of this party after all parties have arrived and the action is done. */
  arrive(party: number, input: Input): Promise<Result> {
    return new Promise((resolve) => {
      this.waiting.set(party, { input, resolve });
      this.tripWhenComplete();
    });
  }

  deregister(party: number): void {
    this.registered.delete(party);
    this.tripWhenComplete();
  }

  private tripWhenComplete(): void {
    if (this.waiting.size === 0 || this.waiting.size < this.registered.size) return;
    // Sorted by party: the order of arrival changes no result.
    const arrived = [...this.waiting].sort(([a], [b]) => a - b);
    this.waiting.clear();
    const results = this.action(arrived.map(([party, { input }]) => ({ party, input })));
    arrived.forEach(([, { resolve }], i) => resolve(results[i] as Promise<Result>));
  }
}
