import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { HeldJobs } from '../../src/workers/held-jobs.js';
import { testJob } from '../support/jobs.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('tells the first jobs at once and the latest ones soon, however many there were between', async () => {
  const told: (readonly string[])[] = [];
  const held = new HeldJobs((keys) => told.push(keys));
  held.change([testJob('first')]);
  expect(told).toEqual([['first']]);
  for (let i = 0; i < 100; i++) {
    held.change([]);
    held.change([testJob(`job ${i}`)]);
  }
  expect(told).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(300);
  expect(told).toEqual([['first'], ['job 99']]);
  held.change([]);
  await vi.advanceTimersByTimeAsync(300);
  expect(told.at(-1)).toEqual([]);
  held.close();
  held.change([testJob('late')]);
  await vi.advanceTimersByTimeAsync(300);
  expect(told.at(-1)).toEqual([]);
});
