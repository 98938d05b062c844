import type { RowsPass } from './encoder-passes.js';
import type { EncoderStack, MemberScores, MemberUpstream } from './encoder-stack.js';
import { Meeting, type Share } from './meeting.js';

/** The passes of a stack as each of its members sees them: one after the other has to ask before anybody gets an answer. */
export class SharedPass {
  private readonly scores: Promise<readonly MemberScores[]>;
  private readonly inside: Set<number>;
  private readonly pooling: Meeting<Float32Array, Float32Array>;
  private readonly learning: Meeting<MemberUpstream, void>;

  /** @param members who they are, in the order of the stack */
  constructor(
    private readonly stack: EncoderStack,
    private readonly members: readonly number[],
  ) {
    this.inside = new Set(members);
    this.scores = stack.forward().catch((error: unknown) => {
      stack.dispose();
      throw error;
    });
    this.pooling = new Meeting(members, (shares) => {
      const pooled = stack.pool(this.inOrder(shares));
      return shares.map(async ({ who }) => (await pooled)[members.indexOf(who)] as Float32Array);
    });
    this.learning = new Meeting(members, (shares) => {
      const learned = stack.backward(this.inOrder(shares));
      return shares.map(() => learned);
    });
  }

  /** @throws what the forward pass threw, to every member */
  async of(who: number): Promise<RowsPass> {
    const own = (await this.scores)[this.members.indexOf(who)] as MemberScores;
    return {
      ...own,
      pool: (attention) => this.pooling.come(who, attention),
      backward: (upstream, gradient) => this.learning.come(who, { upstream, gradient }),
      dispose: () => this.leave(who),
    };
  }

  private leave(who: number): void {
    this.inside.delete(who);
    this.pooling.leave(who);
    this.learning.leave(who);
    if (this.inside.size === 0) this.stack.dispose();
  }

  /** What each member of the stack brought; null for one that has left. */
  private inOrder<T>(shares: readonly Share<T>[]): readonly (T | null)[] {
    return this.members.map((member) => shares.find(({ who }) => who === member)?.brought ?? null);
  }
}
