import type { FeatureBag, Rejected } from './feature-reader.js';
import { asForeign } from './foreign.js';

export interface Gathered {
  readonly bags: readonly FeatureBag[];
  readonly rejected: readonly Rejected[];
}

/** One array of a file with several bags. */
export interface BagPart {
  readonly patient: string | null;
  readonly place: string;
  readonly read: () => { readonly bag: FeatureBag; readonly rejected: readonly Rejected[] };
}

/** If all arrays fail for the same reason, such as a wrong width setting, one entry for the file replaces hundreds. */
function condensed(failed: readonly Rejected[], parts: number): readonly Rejected[] {
  const [first] = failed;
  const alike = first && failed.every((other) => other.reason === first.reason);
  if (!alike || failed.length < 2 || failed.length < parts) return failed;
  const place = `all ${parts} arrays, "${first.place}" to "${failed.at(-1)?.place}"`;
  return [{ ...first, patient: null, place }];
}

/** The bags of a file, part by part. A part that cannot be used does not affect the others. */
export function gatherBags(parts: readonly BagPart[]): Gathered {
  const bags: FeatureBag[] = [];
  const rejected: Rejected[] = [];
  const failed: Rejected[] = [];
  for (const { patient, place, read } of parts) {
    try {
      const part = read();
      bags.push(part.bag);
      rejected.push(...part.rejected);
    } catch (thrown) {
      const error = asForeign(thrown);
      if (error === null) throw thrown;
      failed.push({ severity: 'failure', patient, place, reason: error.what, fix: error.fix });
    }
  }
  return { bags, rejected: [...condensed(failed, parts.length), ...rejected] };
}
