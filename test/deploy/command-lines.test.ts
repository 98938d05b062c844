import { describe, expect, it } from 'vitest';
import { errorCodes } from '../../src/pipeline/core/errors.js';
import { commandLines, complaintAbout } from './command-lines.js';
import { textOf } from './deploy-files.js';

const lines = commandLines();

describe('command lines below deploy/', () => {
  it('are found in every kind of file', () => {
    const files = new Set(lines.map(({ file }) => file));
    expect([...files].sort()).toEqual([
      'README.md',
      'docker/compose.yaml',
      'kubernetes/base/orchestrator.yaml',
      'kubernetes/base/workers.yaml',
      'slurm/up.sbatch',
      'slurm/worker.sbatch',
      'systemd/haf-broker.service',
      'systemd/haf-worker@.service',
    ]);
    expect(lines.filter(({ file }) => file === 'docker/compose.yaml')).toHaveLength(3);
  });

  it('notice an option that is not there', () => {
    expect(complaintAbout(['doctor', '--json'])).toBeNull();
    expect(complaintAbout(['doctor', '--jsonn'])).toContain("unknown option '--jsonn'");
  });

  it.each(lines.map(({ file, args }) => [`${file}: haf-pipeline ${args.join(' ')}`, args] as const))(
    '%s',
    (_, args) => {
      expect(complaintAbout(args)).toBeNull();
    },
  );
});

describe('keys', () => {
  const roles = { up: 'orchestrator', cancel: 'orchestrator', worker: 'worker' } as Record<string, string>;
  const given = lines.flatMap(({ file, args }) => {
    const at = args.indexOf('--creds');
    return at < 0 ? [] : [[file, args[0] ?? '', (args[at + 1] ?? '').toLowerCase()] as const];
  });
  it.each(given)('%s: %s has that of its role, %s', (_, command, key) => {
    expect(key).toContain(roles[command] ?? 'viewer');
  });
});

describe('error codes in the table of troubles', () => {
  const codes = [...textOf('README.md').matchAll(/^\| `(HAF_[A-Z_]+)` \|/gm)].map(([, code]) => code ?? '');
  it.each(codes)('%s is in the catalogue', (code) => {
    expect(errorCodes).toContain(code);
  });
});
