import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { mapAtOnce } from '../../src/pipeline/core/at-once.js';

it('keeps the order of the items, and works on so many at a time', async () => {
  let [running, most] = [0, 0];
  const results = await mapAtOnce([30, 1, 20, 2, 10], 2, async (ms, index) => {
    most = Math.max(most, ++running);
    await sleep(ms);
    running--;
    return `${index}:${ms}`;
  });
  expect(results).toEqual(['0:30', '1:1', '2:20', '3:2', '4:10']);
  expect(most).toBe(2);
  expect(await mapAtOnce([], 2, () => Promise.reject(new Error('no item')))).toEqual([]);
});

it('begins no further item after an error, and throws it', async () => {
  const begun: number[] = [];
  const work = async (item: number): Promise<void> => {
    begun.push(item);
    await sleep(item);
    if (item === 5) throw new Error('five');
  };
  await expect(mapAtOnce([20, 5, 1, 1], 2, work)).rejects.toThrow('five');
  await sleep(30);
  expect(begun).toEqual([20, 5]);
});

it('costs the same for an item among a million as among ten thousand', async () => {
  const perItem = async (count: number): Promise<number> => {
    const items = Array.from({ length: count }, (_, i) => i);
    const before = process.cpuUsage();
    await mapAtOnce(items, 16, (item) => Promise.resolve(item));
    const { user, system } = process.cpuUsage(before);
    return (user + system) / count;
  };
  await perItem(10_000);
  // Microseconds of CPU time for each item. If a buffer of a million items were moved for each item, the time would be
  // hundreds of microseconds.
  expect(await perItem(1_000_000)).toBeLessThan(20);
});
