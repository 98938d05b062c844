import { z } from 'zod';

/** The file that marks the folder of an invented cohort for programs. README.txt says it to people. */
export const syntheticMarkerFile = 'synthetic.json';

/** The content of the marker file, with the settings that the cohort was made with. */
export const syntheticMarkerSchema = z.looseObject({
  synthetic: z.literal(true),
  patients: z.number().int(),
  seed: z.number().int(),
});
