import { vectorCases } from './shared.js';

/** Times in days and events of one case. */
export interface TimesAndEvents {
  readonly time: readonly number[];
  readonly event: readonly number[];
}

/** The cases of one file of test vectors about survival. For use inside a suite that is skipped if `vectorsFolder` is null. */
export const survivalCases = <T>(name: string): T[] => vectorCases<T>(`survival/${name}`);
