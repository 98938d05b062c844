/**
 * Arrays that are reused from step to step. A large bag needs megabytes for a moment. New arrays each time would cost page faults,
 * and a garbage collection every few bags, which takes a core from other training jobs.
 */
export class Scratch {
  private readonly arrays = new Map<string, Float32Array>();

  /** An array of `size` numbers with undefined content. It is valid until the same name is requested again. */
  floats(name: string, size: number): Float32Array {
    const known = this.arrays.get(name);
    if (known !== undefined && known.length >= size) return known.subarray(0, size);
    const made = new Float32Array(size);
    this.arrays.set(name, made);
    return made;
  }
}
