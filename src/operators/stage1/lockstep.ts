import { ParameterTensors } from '../tensor/parameters.js';
import type { EncoderPasses, RowsPass } from './encoder-passes.js';
import { EncoderStack, type StackMember } from './encoder-stack.js';
import type { Encoder } from './encoder.js';
import { isWhole } from './input-rows.js';
import { Meeting, type Share } from './meeting.js';
import { rowsOf } from './packed-bags.js';
import { SharedPass } from './shared-pass.js';

/** A job that trains in lockstep with others. */
export interface LockstepMember {
  open(parameters: Float32Array): EncoderPasses;
  /** The others wait for it no longer. */
  leave(): void;
}

/**
 * Folds that train encoders of one shape at the same time, in one process: each goes through its own draws and keeps its
 * own optimiser, but what they compute on rows is computed for all of them at once. A GPU that is asked for one small
 * product after the other idles between them. A fold waits with its next pack until each of the others has one too or has
 * left; everyone gets what they would get alone, but for rounding.
 */
export class Lockstep {
  private readonly packs: Meeting<StackMember, RowsPass>;
  private joined = 0;

  /** @param fits whether so many folds with so many rows each may be one stack, at present */
  constructor(
    private readonly encoder: Encoder,
    private readonly fits: (folds: number, rows: number) => boolean,
  ) {
    this.packs = new Meeting([], (shares) => this.forward(shares));
  }

  join(): LockstepMember {
    const who = ++this.joined;
    this.packs.expect(who);
    return {
      open: (parameters) => this.passesOf(who, parameters),
      leave: () => this.packs.leave(who),
    };
  }

  private passesOf(who: number, parameters: Float32Array): EncoderPasses {
    const weights = new ParameterTensors(this.encoder.layout, parameters);
    return {
      parameters,
      forward: (pack, masks) => this.packs.come(who, { weights, pack, masks }),
      dispose: () => weights.dispose(),
    };
  }

  private forward(shares: readonly Share<StackMember>[]): readonly Promise<RowsPass>[] {
    const passes = new Map<number, Promise<RowsPass>>();
    for (const stacked of this.inStacks(shares)) {
      const members = stacked.map(({ who }) => who);
      const stack = new EncoderStack(
        this.encoder,
        stacked.map(({ brought }) => brought),
      );
      const shared = new SharedPass(stack, members);
      for (const who of members) passes.set(who, shared.of(who));
    }
    return shares.map(({ who }) => passes.get(who) as Promise<RowsPass>);
  }

  /** Training apart from evaluation, since the one has dropout; a pack that goes through in blocks alone. */
  private inStacks(shares: readonly Share<StackMember>[]): readonly (readonly Share<StackMember>[])[] {
    const stacks: Share<StackMember>[][] = [];
    for (const kind of [isTraining, isEvaluation]) {
      let open: Share<StackMember>[] = [];
      for (const share of shares.filter(({ brought }) => isWhole(brought.pack) && kind(brought))) {
        const rows = Math.max(...[...open, share].map(({ brought }) => rowsOf(brought.pack)));
        if (open.length === 0 || !this.fits(open.length + 1, rows)) stacks.push((open = []));
        open.push(share);
      }
    }
    const alone = shares.filter(({ brought }) => !isWhole(brought.pack)).map((share) => [share]);
    return [...stacks, ...alone];
  }
}

const isTraining = ({ masks }: StackMember): boolean => masks !== null;
const isEvaluation = ({ masks }: StackMember): boolean => masks === null;
