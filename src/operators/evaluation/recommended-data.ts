import { z } from 'zod';
import { counted, listed } from '../../pipeline/core/wording.js';
import { pooledAucSchema, spreadSchema, type Spread } from './spread-data.js';

const candidate = { method: z.string(), title: z.string(), validation: spreadSchema };

/** The method with the best validation score, and its results on the test patients (method.md 9.7). */
export const recommendedSchema = z.strictObject({
  /** The metric that ranks the methods: AUC of a binary outcome, Harrell's C of a time-to-event one. */
  metric: z.enum(['AUC', 'C']),
  ...candidate,
  /** The second method of the ranking. Null if only one method was ranked. */
  next: z.strictObject(candidate).nullable(),
  /**
   * Titles of the other methods with the same mean validation score. Among methods with the same score, the first one
   * of the experiment is recommended.
   */
  tied: z.array(z.string()),
  /** Number of ranked methods. */
  methods: z.number().int(),
  test: z.strictObject({
    spread: spreadSchema,
    /** AUC or C over the test patients of all folds together. C counts only pairs within a fold. */
    pooled: pooledAucSchema,
  }),
  /** Test score of the recommended method minus that of the next one. Null if only one method was ranked. */
  difference: z
    .strictObject({
      value: z.number().nullable(),
      ci95: z.tuple([z.number(), z.number()]).nullable(),
      p: z.number().nullable(),
      /** Why `value`, `ci95` or `p` is null. */
      reason: z.string().nullable(),
    })
    .nullable(),
});
export type Recommended = z.infer<typeof recommendedSchema>;

const number = (value: number | null): string => (value === null ? '-' : value.toFixed(3));
const spread = ({ mean, std }: Spread): string => `${number(mean)} ± ${number(std)}`;
const interval = (ci95: readonly [number, number] | null): string =>
  ci95 === null ? '' : ` [${ci95.map(number).join(', ')}]`;

/** Two sentences for people: which method is recommended and why, and its results on the test patients. */
export function recommendedLines(recommended: Recommended): readonly string[] {
  const { title, metric, validation, next, tied, methods, test, difference } = recommended;
  const why =
    next === null
      ? 'It is the only method with validation scores.'
      : tied.length > 0
        ? `${listed(tied)} ${tied.length === 1 ? 'has' : 'have'} the same mean; the first of the experiment is taken.`
        : `The next of ${methods} methods is ${next.title} with ${spread(next.validation)}.`;
  const against =
    difference === null || next === null
      ? ''
      : difference.value === null
        ? ` The difference to ${next.title} is not defined: ${difference.reason ?? ''}`
        : ` Difference to ${next.title}: ${difference.value < 0 ? '' : '+'}${number(difference.value)}${interval(difference.ci95)}${difference.p === null ? '' : `, p ${difference.p.toFixed(4)}`}.`;
  return [
    `Recommended by validation patients: ${title}, mean validation ${metric} ${spread(validation)} over ${counted(validation.folds, 'fold')}. ${why}`,
    `Its test patients: ${metric} ${spread(test.spread)}, pooled ${number(test.pooled.value)}${interval(test.pooled.ci95)}.${against}`.trimEnd(),
  ];
}
