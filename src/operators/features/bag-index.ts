import { z } from 'zod';

/** Name of the raw little-endian float32 file of an `embed` artifact: all instances, row after row. */
export const featuresFile = 'features.f32';
export const bagIndexFile = 'bags.json';

/** What `embed` writes beside `features.f32`: which rows belong to whom. */
export const bagIndexSchema = z.strictObject({
  /** Tool or layout that wrote the file, as sniffed ("clam", "npz-vector", ...). */
  dialect: z.string(),
  /** Length of one instance. */
  width: z.number().int().positive(),
  bags: z.array(
    z.strictObject({
      patient: z.string(),
      /** Where the rows come from: "primary" or "lymph" for slides, the stain for cores. */
      source: z.string(),
      /** First row and number of rows in features.f32. */
      start: z.number().int().min(0),
      rows: z.number().int().min(0),
    }),
  ),
});
export type BagIndex = z.infer<typeof bagIndexSchema>;
