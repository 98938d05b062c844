import { joinedLayout } from '../tensor/parameters.js';
import type { Head } from './head.js';
import type { Outputs } from './outputs.js';

/** A trained head, for scoring patients. */
export type ScoringHead = Pick<Head, 'layout' | 'outputs'>;

/** The prefix of the names of all arrays of one head (member) of an ensemble. */
export const memberName = (member: number): string => `member-${member}`;

/**
 * An ensemble of heads that were trained separately with different seeds: each output is the mean over the members
 * (method.md 12.6). The arrays of member k are named `member-k.<name>`. A single head is returned unchanged.
 */
export function ensembleOf(members: readonly Head[]): ScoringHead {
  const [only] = members;
  if (only === undefined) throw new RangeError('an ensemble needs a head');
  if (members.length === 1) return only;
  const layout = joinedLayout(
    Object.fromEntries(members.map((head, member) => [memberName(member), head.layout])),
  );
  return {
    layout,
    outputs: async (parameters, group, open) => {
      const outputs: Outputs[] = [];
      let from = 0;
      for (const head of members) {
        outputs.push(await head.outputs(parameters.subarray(from, from + head.layout.size), group, open));
        from += head.layout.size;
      }
      const [first = []] = outputs;
      return first.map((row, patient) =>
        row.map(
          (_, output) =>
            outputs.reduce((sum, rows) => sum + (rows[patient]?.[output] as number), 0) / members.length,
        ),
      );
    },
  };
}
