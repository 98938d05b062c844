import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect } from 'nats';
import { expect } from 'vitest';
import type { CaseFolder, Expectations } from './case-folder.js';
import { childrenOf } from './cli.js';
import { jetstream, natsServer, startNats } from './nats-server.js';
import { ownMount } from './own-mount.js';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const entry = join(import.meta.dirname, '../../dist/bin/haf-pipeline.js');

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Starts a command line through another program, which replaces itself by the command (exec). */
function within(
  at: CaseFolder,
  program: readonly string[],
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Ended {
  const [command = '', ...rest] = [...program, process.execPath, entry, ...args];
  const { status, stdout, stderr } = spawnSync(command, rest, {
    ...{ cwd: at.folder, encoding: 'utf8', timeout: 60_000 },
    env: { ...process.env, NO_COLOR: '1', NODE_OPTIONS: '', ...environment },
  });
  expect(stdout + stderr).not.toContain('HAF_INTERNAL');
  return { code: status, output: stdout + stderr };
}

const limited = (limit: string): readonly string[] => ['bash', '-c', `${limit} && exec "$0" "$@"`];
const up = ['up', '-c', 'experiment.yaml'];
const skipped = (why: string): void => console.warn(`SKIPPED: ${why}`);

/** Cases of limits and faults of the machine, and of brokers with an unusual setup. */
export const machine: Expectations = {
  ulimits: (open) => {
    const at = open('ulimits');
    for (const kilobytes of [8_000_000, 16_000_000]) {
      const limit = `ulimit -v ${kilobytes}`;
      const ended = within(at, limited(limit), [...up, '--no-broker', '--workers', '1']);
      expect(ended).toEqual({ code: 69, output: expect.stringContaining(limit) as string });
      expect(ended.output).not.toContain('Continuing without');
      if (kilobytes === 8_000_000)
        expect(within(at, limited(limit), ['doctor'])).toEqual({
          ...{ code: 1, output: expect.stringMatching(/fail +limits .*ulimit -v 8000000/) as string },
        });
    }
    const files = within(at, limited('ulimit -n 64'), [...up, '--store', 's3', '--runs', 'r3']);
    expect(files).toEqual({ code: 69, output: expect.stringContaining('ulimit -n') as string });
    return Promise.resolve();
  },

  'broker-other-streams': async (open) => {
    if (natsServer === null) return skipped('no nats-server');
    const at = open('broker-other-streams');
    const server = await startNats(jetstream);
    try {
      const admin = await connect({ servers: `127.0.0.1:${server.port}` });
      await (
        await admin.jetstreamManager()
      ).streams.add({
        ...{ name: 'HAF_JOBS', subjects: ['haf.v1.job.>'], max_msgs: 3 },
        ...{ retention: 'limits' as never, storage: 'memory' as never, discard: 'old' as never },
      });
      await admin.close();
      const { code, output } = within(at, [], [...up, '--nats', `nats://127.0.0.1:${server.port}`]);
      expect([code, output]).toEqual([69, expect.stringContaining('HAF_BROKER_UNFIT')]);
      for (const setting of ['retention is limits', 'max_msgs is 3', 'discard is old'])
        expect(output).toContain(setting);
    } finally {
      await server.stop();
    }
    const config = readFileSync(at.path('limits.conf'), 'utf8')
      .replace(/^(host|port): .*\n/gm, '')
      .replace('"js"', '"$STORE"');
    const small = await startNats(config);
    try {
      const { code, output } = within(at, [], [...up, '--nats', `nats://127.0.0.1:${small.port}`]);
      expect([code, output]).toEqual([69, expect.stringMatching(/max_streams.*\n?.*Set max_streams/)]);
      expect(output).not.toContain('orchestrator role');
    } finally {
      await small.stop();
    }
  },

  'broker-left-behind': (open) => {
    if (natsServer === null) return Promise.resolve(skipped('no nats-server'));
    const at = open('broker-left-behind');
    const mounted = ownMount(at.path('full'), 'empty', '60k');
    if (mounted === null) return Promise.resolve();
    const { code, output } = within(at, mounted, [...up, '--runs', 'full/runs', '--store', 'store']);
    expect([code, output]).toEqual([1, expect.stringContaining('HAF_STORE_FULL')]);
    const left = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).split('\n');
    expect(left.filter((line) => line.includes('nats-server') && line.includes(at.folder))).toEqual([]);
    expect(childrenOf(process.pid).length).toBeGreaterThanOrEqual(0);
    return Promise.resolve();
  },

  'bare-container': (open) => {
    const at = open('bare-container');
    if (process.getuid?.() !== 0) return Promise.resolve(skipped('another user needs root'));
    execFileSync('chown', ['-R', '47110:47110', at.folder]);
    // User 47110 needs access to the folders above the folder of the case. These folders are temporary folders of the
    // tests, so their permissions may be changed.
    execFileSync('chmod', ['a+rx', join(at.folder, '..'), tmpdir()]);
    const as = [
      'setpriv',
      '--reuid',
      '47110',
      '--regid',
      '47110',
      '--clear-groups',
      'env',
      '-i',
      `PATH=${process.env['PATH'] ?? ''}`,
    ];
    if (within(at, as, ['--version']).code !== 0)
      return Promise.resolve(skipped('others may not read the project'));
    const doctor = within(at, as, ['doctor']);
    expect(doctor.code, doctor.output).toBe(0);
    expect(doctor.output).not.toMatch(/uv_os|warn +TensorFlow/);
    const run = within(at, as, [...up, '--no-broker', '--set', 'train.epochs=1']);
    expect(run.code, run.output).toBe(0);
    const cancel = within(at, as, ['cancel', 'latest']);
    expect(cancel.output).not.toMatch(/uv_os/);
    const tile = ['tile', 'HE_001.svs', '-o', 'tiles', '--no-broker', '--set', 'tissue.preset=bwh_biopsy'];
    const missing = within(at, [...as, 'TMPDIR=/scratch/4711'], tile);
    expect(missing).toEqual({
      ...{ code: 64, output: expect.stringMatching(/HAF_PATH_UNUSABLE .*\/scratch\/4711.*TMPDIR/) as string },
    });
    return Promise.resolve();
  },

  'no-hard-links': (open) => {
    const at = open('no-hard-links');
    if (spawnSync('gcc', ['--version']).status !== 0) return Promise.resolve(skipped('no gcc'));
    execFileSync('gcc', ['-shared', '-fPIC', '-o', 'nolink.so', 'nolink.c'], { cwd: at.folder });
    for (const [runs, mode] of [
      ['r1', {}],
      ['r2', { NOLINK: 'all' }],
    ] as const) {
      const places = [
        '--no-broker',
        '--runs',
        runs,
        '--store',
        `s-${runs}`,
        '--set',
        'methods=[cell_density]',
      ];
      const { code, output } = within(at, [], [...up, ...places], {
        LD_PRELOAD: at.path('nolink.so'),
        ...mode,
      });
      expect(code, output).toBe(0);
    }
    const [across, none] = ['r1', 'r2'].map((runs) => at.ofRun('folds/0/cell_density/predictions.csv', runs));
    expect(none).toBe(across);
    return Promise.resolve();
  },
};
