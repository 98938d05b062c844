import type { Arrays } from './open-bundle.js';

/** The arrays of one part of a model, such as `phi`. Their names here are without the part. */
export const under = (arrays: Arrays, part: string): Arrays =>
  Object.fromEntries(
    Object.entries(arrays).flatMap(([name, array]) =>
      name.startsWith(`${part}.`) ? [[name.slice(part.length + 1), array]] : [],
    ),
  );
