import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { visibleGpus } from '../../src/workers/gpus.js';

describe('the GPUs of a machine', () => {
  const path = process.env.PATH;
  afterEach(() => {
    process.env.PATH = path;
  });

  it('are those that CUDA_VISIBLE_DEVICES names', () => {
    expect(visibleGpus({ CUDA_VISIBLE_DEVICES: '2, GPU-3f' })).toEqual(['2', 'GPU-3f']);
    expect(visibleGpus({ CUDA_VISIBLE_DEVICES: '' })).toEqual([]);
    expect(visibleGpus({ CUDA_VISIBLE_DEVICES: '-1' })).toEqual([]);
  });

  it('are listed also by a driver that takes more than five seconds to start', () => {
    const folder = mkdtempSync(join(tmpdir(), 'haf-smi-'));
    writeFileSync(
      join(folder, 'nvidia-smi'),
      "#!/bin/sh\nsleep 5.5\necho 'GPU 0: NVIDIA H100 (UUID: GPU-1)'\n",
    );
    chmodSync(join(folder, 'nvidia-smi'), 0o755);
    process.env.PATH = [folder, path].join(delimiter);
    expect(visibleGpus({})).toEqual(['0']);
  }, 60_000);

  it('are else those that the driver lists', () => {
    const folder = mkdtempSync(join(tmpdir(), 'haf-smi-'));
    const listing = ['GPU 0: NVIDIA H100 (UUID: GPU-1)', '  MIG 1g.10gb', 'GPU 1: NVIDIA H100 (UUID: GPU-2)'];
    writeFileSync(
      join(folder, 'nvidia-smi'),
      `#!/bin/sh\nprintf '%s\\n' ${listing.map((l) => `'${l}'`).join(' ')}\n`,
    );
    chmodSync(join(folder, 'nvidia-smi'), 0o755);
    process.env.PATH = [folder, path].join(delimiter);
    expect(visibleGpus({})).toEqual(['0', '1']);
    process.env.PATH = folder.replace('haf-smi', 'none');
    expect(visibleGpus({})).toEqual([]);
  });
});
