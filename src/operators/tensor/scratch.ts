/**
 * Arrays that are used again from step to step. A large bag needs megabytes for a moment; made anew each time they cost page
 * faults and a garbage collection every few bags, which takes a core from whoever trains beside.
 */
export class Scratch {
  private readonly arrays = new Map<string, Float32Array>();

  /** `size` numbers, whatever they are, until the same name is asked for again. */
  floats(name: string, size: number): Float32Array {
    const known = this.arrays.get(name);
    if (known !== undefined && known.length >= size) return known.subarray(0, size);
    const made = new Float32Array(size);
    this.arrays.set(name, made);
    return made;
  }
}
