import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownMount } from '../support/own-mount.js';
import { workFolder } from '../support/small-cohort.js';

const entry = join(import.meta.dirname, '../../dist/bin/haf-pipeline.js');
/** A user without an entry in passwd. */
const nobody = 47_110;

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a command line in a folder. Its shell first runs `before`, which sets limits for the process. */
function limited(before: string, args: readonly string[], cwd: string): Ended {
  const command = `${before} && exec "$0" "$@"`;
  const { status, stdout, stderr } = spawnSync('bash', ['-c', command, process.execPath, entry, ...args], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', NODE_OPTIONS: '' },
  });
  return { code: status, output: stdout + stderr };
}

describe('faults of the machine', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await workFolder({ methods: ['blood', 'wsi_clam'], train: { epochs: 1 } });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const up = ['up', '-c', 'experiment.yaml', '--no-broker', '--workers', '1'];

  it.runIf(process.platform === 'linux')('a limit of open files is refused by name, whatever it is', () => {
    for (const files of [40, 64, 100]) {
      const { code, output } = limited(`ulimit -n ${files}`, up, folder);
      expect([code, output]).toEqual([69, expect.stringContaining(`ulimit -n`)]);
      expect(output).toMatch(/^HAF_MACHINE_LIMIT /m);
      expect(output).not.toContain('HAF_INTERNAL');
    }
  });

  it.runIf(process.platform === 'linux')(
    'a limit of addresses ends `up` and fails `doctor`, and costs no patient',
    () => {
      const { code, output } = limited('ulimit -v 8000000', up, folder);
      expect([code, output]).toEqual([69, expect.stringMatching(/HAF_MACHINE_LIMIT .*ulimit -v 8000000/)]);
      expect(output).not.toMatch(/HAF_INTERNAL|Continuing without/);
      const doctor = limited('ulimit -v 8000000', ['doctor'], folder);
      expect(doctor.code).toBe(1);
      expect(doctor.output).toMatch(/fail +limits .*ulimit -v 8000000/);
      expect(doctor.output).toMatch(/fail +h5wasm /);
      // `plan` reads the file and fails at the memory limit. It must report the limit of the machine, and not a fault
      // of the file.
      const plan = limited('ulimit -v 8000000', ['plan', '-c', 'experiment.yaml'], folder);
      expect([plan.code, plan.output]).toEqual([69, expect.stringContaining('HAF_MACHINE_LIMIT')]);
    },
  );

  it('a store that fills up ends the run with exit code 1: no file is left out for it', () => {
    const store = join(folder, 'small-store');
    const within = ownMount(store, 'empty', '700k');
    if (within === null) return;
    const [program = '', ...rest] = within;
    const places = ['--store', store, '--runs', 'full-runs'];
    const { status, stdout, stderr } = spawnSync(
      program,
      [...rest, process.execPath, entry, ...up, ...places],
      { cwd: folder, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } },
    );
    expect(stderr + stdout).toMatch(/^HAF_STORE_FULL .*small-store/m);
    expect(stderr).not.toMatch(/HAF_INTERNAL|Continuing without/);
    expect(status).toBe(1);
    // The run had started. So this is not the refusal for a disk that was full before the start.
    expect(stderr + stdout).toMatch(/\[\d+\/\d+\] embed/);
  });

  const root = process.getuid?.() === 0;
  it.runIf(root)(
    'a folder that this user may not list is a failure that names it, and so is its line in files.csv',
    () => {
      const cohort = mkdtempSync(join(tmpdir(), 'haf-shut-'));
      cpSync(folder, cohort, { recursive: true });
      const shut = join(cohort, 'data/wsi/shut');
      mkdirSync(shut);
      cpSync(join(cohort, 'data/blood.csv'), join(shut, 'PrimaryTumor_HE_001.h5'));
      execFileSync('chown', ['-R', `${nobody}:${nobody}`, cohort]);
      chmodSync(tmpdir(), 0o755);
      chmodSync(cohort, 0o755);
      chmodSync(shut, 0);
      try {
        const run = (...args: readonly string[]): Ended => {
          const { status, stdout, stderr } = spawnSync(process.execPath, [entry, ...args], {
            ...{ cwd: cohort, encoding: 'utf8', uid: nobody, gid: nobody, timeout: 60_000 },
            env: { PATH: process.env['PATH'], NO_COLOR: '1' },
          });
          return { code: status, output: stdout + stderr };
        };
        if (run('--version').code !== 0) return console.warn('SKIPPED: others may not read the project');
        const said = /wsi\/shut\/: The folder cannot be listed \(EACCES\)/;
        const inspected = run('inspect', 'data', '-c', 'experiment.yaml');
        expect([inspected.code, inspected.output]).toEqual([65, expect.stringMatching(said)]);
        expect(inspected.output).toMatch(/left out: The folder cannot be listed \(EACCES\)/);
        const { code, output } = run(...up, '--set', 'methods=[blood]');
        expect([code, output]).toEqual([2, expect.stringMatching(said)]);
        const [name = ''] = readdirSync(join(cohort, 'runs'));
        const files = readFileSync(join(cohort, 'runs', name, 'files.csv'), 'utf8');
        expect(files).toMatch(/^wsi\/shut\/,,,,.*EACCES/m);
        const problems = readFileSync(join(cohort, 'runs', name, 'problems.csv'), 'utf8');
        expect(problems).toMatch(/^failure,embed,,wsi\/shut\/,WSI,.*EACCES/m);
      } finally {
        rmSync(cohort, { recursive: true });
      }
    },
  );

  it.runIf(root)('no passwd entry, no HOME and a TMPDIR that is not there are named, or no matter', () => {
    const open = mkdtempSync(join(tmpdir(), 'haf-bare-'));
    chmodSync(open, 0o777);
    const bare = (args: readonly string[], environment: NodeJS.ProcessEnv = {}): Ended => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [entry, ...args], {
        timeout: 60_000,
        ...{ cwd: open, encoding: 'utf8', uid: nobody, gid: nobody },
        env: { PATH: process.env['PATH'], NO_COLOR: '1', ...environment },
      });
      return { code: status, output: stdout + stderr };
    };
    try {
      // On some test machines another user cannot read the code. The test is skipped there.
      if (bare(['--version']).code !== 0) return console.warn('SKIPPED: others may not read the project');
      const doctor = bare(['doctor']);
      expect(doctor.output).toMatch(/ok +TensorFlow +none that fits this machine is installed/);
      expect(doctor.output).not.toMatch(/Unexpected|uv_os/);
      const missing = bare(['doctor'], { TMPDIR: '/scratch/4711' });
      expect(missing.output).toMatch(/fail +temporary files .*\/scratch\/4711 \(ENOENT\).*TMPDIR/);
      expect(missing.code).toBe(1);
      const locked = bare(['synth', '/nowhere/x']);
      expect([locked.code, locked.output]).toEqual([
        64,
        expect.stringMatching(/^HAF_PATH_UNUSABLE \/nowhere/),
      ]);
    } finally {
      rmSync(open, { recursive: true });
    }
  });
});
