import { ParameterTensors } from '../tensor/parameters.js';
import type { EncoderPasses, RowsPass } from './encoder-passes.js';
import { EncoderStack, type StackMember } from './encoder-stack.js';
import type { BagEncoder } from './bag-encoder.js';
import { isWhole } from './input-rows.js';
import { type Arrival, Barrier } from './barrier.js';
import { rowsOf } from './packed-bags.js';
import { SharedPass } from './shared-pass.js';

/** A job that trains one fold in lockstep with the jobs of other folds. */
export interface LockstepMember {
  open(parameters: Float32Array): EncoderPasses;
  /** Ends the membership. The other members do not wait for this one any more. */
  leave(): void;
}

/**
 * Folds that train encoders of one shape at the same time, in one process. Each fold has its own random draws and its
 * own optimiser. The products over rows are batched: they are computed for all folds at once, because a GPU idles
 * between small products. A fold waits at a barrier with its next pack until each other fold has a pack or has left.
 * Each fold gets the results that it would get alone, except for rounding.
 */
export class Lockstep {
  private readonly packs: Barrier<StackMember, RowsPass>;
  private joined = 0;

  /**
   * @param fits whether the packs of so many folds, with so many rows each, fit on the device at present as one stack
   */
  constructor(
    private readonly encoder: BagEncoder,
    private readonly fits: (folds: number, rows: number) => boolean,
  ) {
    this.packs = new Barrier([], (arrivals) => this.forward(arrivals));
  }

  join(): LockstepMember {
    const party = ++this.joined;
    this.packs.register(party);
    return {
      open: (parameters) => this.passesOf(party, parameters),
      leave: () => this.packs.deregister(party),
    };
  }

  private passesOf(party: number, parameters: Float32Array): EncoderPasses {
    const weights = new ParameterTensors(this.encoder.layout, parameters);
    return {
      parameters,
      forward: (pack, masks) => this.packs.arrive(party, { weights, pack, masks }),
      dispose: () => weights.dispose(),
    };
  }

  private forward(arrivals: readonly Arrival<StackMember>[]): readonly Promise<RowsPass>[] {
    const passes = new Map<number, Promise<RowsPass>>();
    for (const stacked of this.inStacks(arrivals)) {
      const members = stacked.map(({ party }) => party);
      const stack = new EncoderStack(
        this.encoder,
        stacked.map(({ input }) => input),
      );
      const shared = new SharedPass(stack, members);
      for (const party of members) passes.set(party, shared.of(party));
    }
    return arrivals.map(({ party }) => passes.get(party) as Promise<RowsPass>);
  }

  /**
   * Groups the packs of the folds into stacks: the packs of a stack are computed together as one tensor. Training packs
   * and evaluation packs are never in one stack, because only training has dropout. A pack that is computed in blocks
   * is a stack of its own.
   */
  private inStacks(arrivals: readonly Arrival<StackMember>[]): readonly (readonly Arrival<StackMember>[])[] {
    const stacks: Arrival<StackMember>[][] = [];
    for (const kind of [isTraining, isEvaluation]) {
      let open: Arrival<StackMember>[] = [];
      for (const arrival of arrivals.filter(({ input }) => isWhole(input.pack) && kind(input))) {
        const rows = Math.max(...[...open, arrival].map(({ input }) => rowsOf(input.pack)));
        if (open.length === 0 || !this.fits(open.length + 1, rows)) stacks.push((open = []));
        open.push(arrival);
      }
    }
    const alone = arrivals.filter(({ input }) => !isWhole(input.pack)).map((arrival) => [arrival]);
    return [...stacks, ...alone];
  }
}

const isTraining = ({ masks }: StackMember): boolean => masks !== null;
const isEvaluation = ({ masks }: StackMember): boolean => masks === null;
