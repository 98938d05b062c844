import { daysPer } from '../../pipeline/config/data-schema.js';
import type { CohortPatient } from './cohort-data.js';

/**
 * The outcome after `years` of follow-up (`cohort.label: landmark`, method.md 1.3): 1 if the event had happened by
 * then, 0 if the patient was followed at least this long, whatever happened later. If the outcome is unknown, the
 * result is the reason as text: last seen earlier without the event, or no time of follow-up.
 */
export function landmarkStatus({ y, followUpDays }: CohortPatient, years: number): 0 | 1 | string {
  const limit = years * daysPer.years;
  if (followUpDays === null)
    return `The time of follow-up is unknown, and with it the status at ${years} years.`;
  if (y === 1 && followUpDays <= limit) return 1;
  return followUpDays >= limit
    ? 0
    : `Last seen without the event after ${followUpDays} days; the status at ${years} years (${limit} days) is unknown.`;
}
