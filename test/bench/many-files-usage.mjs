/**
 * Loaded with `node --import`. When the process exits, writes its time and peak memory to the file that HAF_BENCH_USAGE
 * names. `childSeconds` is the CPU time of its ended child processes (trainers and the broker), or null without /proc.
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
