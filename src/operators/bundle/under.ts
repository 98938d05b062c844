import type { Arrays } from './open-bundle.js';

/** The arrays of one part of a model, such as `phi`. The prefix, for example `phi.`, is removed from their names. */
export const under = (arrays: Arrays, part: string): Arrays =>
  Object.fromEntries(
    Object.entries(arrays).flatMap(([name, array]) =>
      name.startsWith(`${part}.`) ? [[name.slice(part.length + 1), array]] : [],
    ),
  );
