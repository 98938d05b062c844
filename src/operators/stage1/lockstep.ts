import { ParameterTensors } from '../tensor/parameters.js';
import type { EncoderPasses, RowsPass } from './encoder-passes.js';
import { EncoderStack, type StackMember } from './encoder-stack.js';
import type { Encoder } from './encoder.js';
import { isWhole } from './input-rows.js';
import { Meeting, type Share } from './meeting.js';
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

  /** @param most folds in one stack, at present */
  constructor(
    private readonly encoder: Encoder,
    private readonly most: () => number,
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
    for (const stacked of inStacks(shares, this.most())) {
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
}

/** Training apart from evaluation, since the one has dropout; a pack that goes through in blocks alone. */
function inStacks(
  shares: readonly Share<StackMember>[],
  most: number,
): readonly (readonly Share<StackMember>[])[] {
  const whole = shares.filter(({ brought }) => isWhole(brought.pack));
  return [
    ...inParts(
      whole.filter(({ brought }) => brought.masks !== null),
      most,
    ),
    ...inParts(
      whole.filter(({ brought }) => brought.masks === null),
      most,
    ),
    ...shares.filter(({ brought }) => !isWhole(brought.pack)).map((share) => [share]),
  ];
}

function inParts<T>(all: readonly T[], most: number): readonly (readonly T[])[] {
  const parts = Math.ceil(all.length / most);
  return Array.from({ length: parts }, (_, part) => all.filter((_own, i) => i % parts === part));
}
