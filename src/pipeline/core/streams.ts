import { rng, type Rng, type RngState } from './rng.js';
import type { StageName } from './stage-name.js';

/** The random streams of one job by purpose, remembered so that a checkpoint can hold where all of them stand. */
export class Streams {
  private readonly streams = new Map<string, Rng>();
  private readonly asked = new Set<string>();

  /** @param create the stream for a purpose, at its beginning */
  constructor(private readonly create: (purpose: string) => Rng) {}

  /**
   * The stream for a purpose; after `restore`, from where it stood.
   *
   * @throws Error when asked twice: two owners of one stream would draw by the order of their turns
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
 * The stream of a purpose in a job. Methods of a fold share their streams, so that they differ in what they are and not in their
 * draws.
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
