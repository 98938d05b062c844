/**
 * Refuses risks that cannot be ranked, before any metric is computed.
 *
 * @throws RangeError when a risk is NaN or infinite, or there are not as many as patients
 */
export function checkRisks(risks: ArrayLike<number>, patients: number): void {
  if (risks.length !== patients) throw new RangeError(`${risks.length} risks but ${patients} patients`);
  for (let i = 0; i < patients; i++)
    if (!Number.isFinite(risks[i])) throw new RangeError(`the risk of patient ${i} is ${risks[i] as number}`);
}
