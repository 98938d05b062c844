/** Oldest version of nats-server with which the tests pass. Debian 12 ships this version. */
export const oldestServer = '2.9.10';

/** Whether `version` is `least` or newer. Both are `major.minor.patch`. */
export function atLeast(version: string, least: string): boolean {
  const [have, want] = [version, least].map((text) => (text.match(/\d+/g) ?? []).slice(0, 3).map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (have?.[i] ?? 0) - (want?.[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
