import { rng, type Rng, type RngState } from './rng.js';
import type { StageName } from './stage-name.js';

/** The random streams of one job by purpose. They are remembered, so that a checkpoint can hold their states. */
export class Streams {
  private readonly streams = new Map<string, Rng>();
  private readonly asked = new Set<string>();

  /** @param create returns the stream for a purpose in its initial state */
  constructor(private readonly create: (purpose: string) => Rng) {}

  /**
   * The stream for a purpose. After `restore`, in its restored state.
   *
   * @throws Error if requested twice: with two owners of one stream, their draws would depend on the order of their
   * calls
   */
  of(purpose: string): Rng {
    if (this.asked.has(purpose)) throw new Error(`The job asks twice for its random stream "${purpose}"`);
    this.asked.add(purpose);
    return this.stream(purpose);
  }

  states(): Readonly<Record<string, RngState>> {
    return Object.fromEntries([...this.streams].map(([purpose, stream]) => [purpose, stream.state()]));
  }

  restore(states: Readonly<Record<string, RngState>>): void {
    for (const [purpose, state] of Object.entries(states)) this.stream(purpose).restore(state);
  }

  private stream(purpose: string): Rng {
    const stream = this.streams.get(purpose) ?? this.create(purpose);
    this.streams.set(purpose, stream);
    return stream;
  }
}

/**
 * The stream of a purpose in a job. Methods of a fold share their streams, so that methods differ in their design and
 * not in their random draws.
 */
export function streamOf(
  seed: number,
  stage: StageName,
  { fold, modality }: { readonly fold?: number | undefined; readonly modality?: string | undefined },
  purpose: string,
): Rng {
  const owner = [stage, fold, modality].filter((part) => part !== undefined).join('/');
  return rng(seed, `${owner}/${purpose}`);
}
