/**
 * Checks before any metric is computed that risks can be ranked.
 *
 * @throws RangeError if a risk is NaN or infinite, or if the number of risks differs from the number of patients
 */
export function checkRisks(risks: ArrayLike<number>, patients: number): void {
  if (risks.length !== patients) throw new RangeError(`${risks.length} risks but ${patients} patients`);
  for (let i = 0; i < patients; i++)
    if (!Number.isFinite(risks[i])) throw new RangeError(`the risk of patient ${i} is ${risks[i] as number}`);
}
