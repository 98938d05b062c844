/** With --import: writes what this process took to the file in HAF_BENCH_USAGE when it exits, trainer processes aside. */
import { writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const file = process.env.HAF_BENCH_USAGE;
if (file && isMainThread && !process.argv[1]?.includes('trainer-process'))
  process.on('exit', () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    const usage = {
      seconds: process.uptime(),
      cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
      rssMb: maxRSS / 1024,
    };
    writeFileSync(file, JSON.stringify(usage));
  });
