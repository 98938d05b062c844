/** Number of days per year. */
export const year = 365.25;

/** The follow-up of a group of patients. Both lists have the same order of patients. */
export interface FollowUp {
  /** Days from the start to the event, or to the last contact. Above 0. */
  readonly time: Float64Array;
  /** 1: the event happened at `time`. 0: censored at `time`, without the event until then. */
  readonly event: Uint8Array;
}

/**
 * The follow-up of patients as typed arrays.
 *
 * @throws RangeError if the lengths differ, a time is not a number above 0, or an event is neither 0 nor 1
 */
export function followUpOf(time: ArrayLike<number>, event: ArrayLike<number>): FollowUp {
  const followUp = { time: Float64Array.from(time), event: Uint8Array.from(event) };
  if (time.length !== event.length) throw new RangeError(`${time.length} times but ${event.length} events`);
  for (let i = 0; i < time.length; i++) {
    const [days, happened] = [time[i] as number, event[i] as number];
    if (!Number.isFinite(days) || days <= 0)
      throw new RangeError(`time ${days} of patient ${i} is not above 0`);
    if (happened !== 0 && happened !== 1)
      throw new RangeError(`event ${happened} of patient ${i} is neither 0 nor 1`);
  }
  return followUp;
}

/**
 * The follow-up of patients who each have a time and an event.
 * @throws like `followUpOf`
 */
export const followUpOfPatients = (
  patients: readonly { readonly time: number; readonly event: number }[],
): FollowUp =>
  followUpOf(
    patients.map(({ time }) => time),
    patients.map(({ event }) => event),
  );

/** The follow-up of some of the patients, by position. */
export const followUpAt = ({ time, event }: FollowUp, patients: ArrayLike<number>): FollowUp => ({
  time: Float64Array.from(patients, (i) => time[i] as number),
  event: Uint8Array.from(patients, (i) => event[i] as number),
});

/** Number of patients with the event. */
export const eventCount = ({ event }: FollowUp): number => event.reduce((sum, happened) => sum + happened, 0);
