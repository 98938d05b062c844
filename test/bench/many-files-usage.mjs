/**
 * With --import: writes what this process took to the file in HAF_BENCH_USAGE when it exits. The child processes that have ended -
 * trainers and the broker - are a number of their own; null where there is no /proc.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const ticksPerSecond = 100;

function childSeconds() {
  try {
    const fields = readFileSync('/proc/self/stat', 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return (Number(fields[13]) + Number(fields[14])) / ticksPerSecond;
  } catch {
    return null;
  }
}

const file = process.env.HAF_BENCH_USAGE;
if (file && isMainThread && !process.argv[1]?.includes('trainer-process'))
  process.on('exit', () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    const usage = {
      seconds: process.uptime(),
      cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
      childSeconds: childSeconds(),
      rssMb: maxRSS / 1024,
    };
    writeFileSync(file, JSON.stringify(usage));
  });
