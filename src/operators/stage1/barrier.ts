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
 * A cyclic barrier: it waits until every registered party has arrived, and then computes once for all of them. It can be
 * used again and again. A party that deregisters no longer holds up the others.
 */
export class Barrier<Input, Result> {
  private readonly waiting = new Map<number, Waiting<Input, Result>>();
  private readonly registered: Set<number>;

  /** @param action returns one result per arrival, in the order given; one promise may fail without the others */
  constructor(
    parties: Iterable<number>,
    private readonly action: (arrivals: readonly Arrival<Input>[]) => readonly Promise<Result>[],
  ) {
    this.registered = new Set(parties);
  }

  register(party: number): void {
    this.registered.add(party);
  }

  /** Settles with the result of the party once all have arrived and the action is done. */
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
