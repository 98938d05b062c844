import { z } from 'zod';

/**
 * One tree, with its nodes in preorder: the left child of a node is the next node. `feature` is the column that a node tests, or -1
 * in a leaf. `value` is the threshold of a node (values up to it go left), or in a leaf the fraction of events among its training
 * patients.
 */
export const treeSchema = z.strictObject({
  feature: z.array(z.number().int()),
  value: z.array(z.number()),
  /** For each node the position of its right child. 0 for a leaf. */
  right: z.array(z.number().int()),
});
export type Tree = z.infer<typeof treeSchema>;
