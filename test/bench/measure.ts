export interface Timing {
  readonly name: string;
  readonly medianMs: number;
  readonly fastestMs: number;
}

/** Wall time of repeated runs of `work`, after a warm-up for the compiler and the caches. */
export async function measure(name: string, repeats: number, work: () => Promise<unknown>): Promise<Timing> {
  for (let i = 0; i < Math.ceil(repeats / 5); i++) await work();
  const times: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return { name, medianMs: times[repeats >> 1] ?? NaN, fastestMs: times[0] ?? NaN };
}

/** Timings as a table; the last column compares the medians with that of the first row. */
export function timingTable(title: string, timings: readonly Timing[]): string {
  const first = timings[0]?.medianMs ?? NaN;
  const lines = timings.map(
    ({ name, medianMs, fastestMs }) =>
      `${name.padEnd(52)}${medianMs.toFixed(2).padStart(10)}${fastestMs.toFixed(2).padStart(10)}` +
      `${(medianMs / first).toFixed(2).padStart(8)}x`,
  );
  return [
    title,
    `${''.padEnd(52)}${'median ms'.padStart(10)}${'fastest'.padStart(10)}    ratio`,
    ...lines,
  ].join('\n');
}
