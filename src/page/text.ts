/** Seconds as `0:07`, `12:40` or `1:02:09`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (part: number): string => String(part).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** The name of a state, such as `finished-with-failures`, with spaces instead of hyphens. */
export const words = (state: string): string => state.replaceAll('-', ' ');

/** A fraction as `.712`, as in the terminal. */
export const share = (value: number): string =>
  value >= 0.9995 ? '1.00' : value.toFixed(3).replace(/^(-?)0/, '$1');

export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** Time since an ISO time, such as `12 s` or `3 min`. */
export function ago(iso: string, now = Date.now()): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(iso)) / 1000));
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

/** A number as text: an integer in full, any other number with at most four significant digits. Empty for null. */
export const number = (value: number | null): string =>
  value === null ? '' : Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
