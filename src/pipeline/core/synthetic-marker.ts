import { z } from 'zod';

/** The file by which programs recognise the folder of an invented cohort. README.txt informs people. */
export const syntheticMarkerFile = 'synthetic.json';

/** The content of the marker file, with the settings that the cohort was made with. */
export const syntheticMarkerSchema = z.looseObject({
  synthetic: z.literal(true),
  patients: z.number().int(),
  seed: z.number().int(),
});
