import type { RowsPass } from './encoder-passes.js';
import type { EncoderStack, MemberScores, MemberUpstream } from './encoder-stack.js';
import { type Arrival, Barrier } from './barrier.js';

/**
 * Forward and backward passes over the joined packs of several folds (a stack). `of` returns the passes of one fold
 * (member). A call of `pool` or `backward` resolves after all other members have made the same call or have left
 * (barrier).
 */
export class SharedPass {
  private readonly scores: Promise<readonly MemberScores[]>;
  private readonly inside: Set<number>;
  private readonly pooling: Barrier<Float32Array, Float32Array>;
  private readonly learning: Barrier<MemberUpstream, void>;

  /** @param members the numbers of the members, in the order of their packs in the stack */
  constructor(
    private readonly stack: EncoderStack,
    private readonly members: readonly number[],
  ) {
    this.inside = new Set(members);
    this.scores = stack.forward().catch((error: unknown) => {
      stack.dispose();
      throw error;
    });
    this.pooling = new Barrier(members, (arrivals) => {
      const pooled = stack.pool(this.inOrder(arrivals));
      return arrivals.map(async ({ party }) => (await pooled)[members.indexOf(party)] as Float32Array);
    });
    this.learning = new Barrier(members, (arrivals) => {
      const learned = stack.backward(this.inOrder(arrivals));
      return arrivals.map(() => learned);
    });
  }

  /** @throws the error of the forward pass; every member receives it */
  async of(party: number): Promise<RowsPass> {
    const own = (await this.scores)[this.members.indexOf(party)] as MemberScores;
    return {
      ...own,
      pool: (attention) => this.pooling.arrive(party, attention),
      backward: (upstream, gradient) => this.learning.arrive(party, { upstream, gradient }),
      dispose: () => this.leave(party),
    };
  }

  private leave(party: number): void {
    this.inside.delete(party);
    this.pooling.deregister(party);
    this.learning.deregister(party);
    if (this.inside.size === 0) this.stack.dispose();
  }

  /** The inputs in the order of the packs in the stack. The input is null for a member that has left. */
  private inOrder<T>(arrivals: readonly Arrival<T>[]): readonly (T | null)[] {
    return this.members.map((member) => arrivals.find(({ party }) => party === member)?.input ?? null);
  }
}
