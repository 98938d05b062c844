import { z } from 'zod';

/** File in the folder of an invented cohort that says so to programs; README.txt says it to people. */
export const syntheticMarkerFile = 'synthetic.json';

/** Its content, with what the cohort was made with. */
export const syntheticMarkerSchema = z.looseObject({
  synthetic: z.literal(true),
  patients: z.number().int(),
  seed: z.number().int(),
});
