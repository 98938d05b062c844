import { z } from 'zod';

/**
 * A key that may be absent, with the type of zod's `exactOptional`. `exactOptional` runs the schema of an absent key
 * and drops its issues. A unit has twenty such keys and is parsed about ten times for each job, so with
 * `exactOptional` the absent keys take more time than the present keys. A key with the value undefined is accepted;
 * JSON has no such value.
 */
export const optionalKey = <T extends z.ZodType>(schema: T): z.ZodExactOptional<T> =>
  z.optional(schema) as unknown as z.ZodExactOptional<T>;
