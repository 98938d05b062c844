import { vectorCases } from './shared.js';

/** Follow-up times in days, and whether each patient had the event (1) or was censored (0), of one test case. */
export interface TimesAndEvents {
  readonly time: readonly number[];
  readonly event: readonly number[];
}

/** The cases of one file of test vectors about survival. For use inside a suite that is skipped if `vectorsFolder` is null. */
export const survivalCases = <T>(name: string): T[] => vectorCases<T>(`survival/${name}`);
