import { z } from 'zod';

/**
 * One tree, its nodes in preorder: the left child of a node is the next one. `feature` is the column a node asks for, -1 in a leaf.
 * `value` is the threshold of a node (at most it: left), and of a leaf the share of events among its training patients.
 */
export const treeSchema = z.strictObject({
  feature: z.array(z.number().int()),
  value: z.array(z.number()),
  /** The right child of a node; 0 in a leaf. */
  right: z.array(z.number().int()),
});
export type Tree = z.infer<typeof treeSchema>;
