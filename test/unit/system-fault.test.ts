import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { asForeign, foreign } from '../../src/operators/features/foreign.js';
import { unreadable } from '../../src/operators/slides/unreadable.js';
import { HafError, isMachineFault, type ErrorCode } from '../../src/pipeline/core/errors.js';
import { parseLimits } from '../../src/pipeline/core/machine-limits.js';
import { assertAddressSpace, assertOpenFiles } from '../../src/pipeline/core/machine-room.js';

const failing = (code: string, syscall = 'open', path: string | undefined = '/data/x'): Error =>
  Object.assign(new Error(`${code}: something, ${syscall} '${path}'`), {
    code,
    syscall,
    ...(path === undefined ? {} : { path }),
  });

const ofMachine: readonly (readonly [string, ErrorCode])[] = [
  ['ENOSPC', 'HAF_STORE_FULL'],
  ['EDQUOT', 'HAF_STORE_FULL'],
  ['EMFILE', 'HAF_MACHINE_LIMIT'],
  ['ENFILE', 'HAF_MACHINE_LIMIT'],
  ['EFBIG', 'HAF_MACHINE_LIMIT'],
  ['ENOMEM', 'HAF_MACHINE_LIMIT'],
  ['EIO', 'HAF_PATH_UNUSABLE'],
  ['ESTALE', 'HAF_PATH_UNUSABLE'],
];
const ofPath = [
  ...['EACCES', 'EPERM', 'EROFS', 'ENAMETOOLONG', 'ENOENT', 'ENOTDIR', 'EISDIR', 'EEXIST', 'ELOOP'],
  ...['EXDEV', 'EMLINK', 'ENOTSUP', 'EBUSY', 'ENOTEMPTY'],
];

describe('a fault of the machine', () => {
  it.each(ofMachine)('%s is %s, named with its place', (code, expected) => {
    const error = HafError.from(failing(code));
    expect([error.code, error.local]).toEqual([expected, true]);
    expect(error.what).toContain(code === 'ENOMEM' ? 'Memory' : '/data/x');
    expect(isMachineFault(failing(code))).toBe(true);
  });

  it.each(ofPath)('%s is HAF_PATH_UNUSABLE with the path, the reason and what to do', (code) => {
    const error = HafError.from(failing(code));
    expect(error).toMatchObject({ code: 'HAF_PATH_UNUSABLE', local: true });
    expect(error.what).toMatch(/^\/data\/x cannot be used \([A-Z]+\): .+\.$/);
    expect(error.fix).not.toBe('');
  });

  it('never ends as a bug, whatever the system says of a file', () => {
    // This test leaves out the error codes that no file system returns to this program.
    const others =
      /SOCK|CONN|NET|ADDR|PROTO|MSG|DEST|AF|PIPE|CHILD|SRCH|INTR|AGAIN|WOULDBLOCK|ALREADY|INPROGRESS/;
    const rare =
      /BADF|NOBUFS|DOM|FAULT|ILSEQ|2BIG|EXEC|IDRM|LCK|LINK|LOOP|MULTIHOP|STR|TTY|OVERFLOW|RANGE|SPIPE|HOST|NODATA|NOSR|TIME|CANCELED|DEADLK|BADMSG/;
    const codes = Object.keys(constants.errno).filter((code) => !others.test(code) && !rare.test(code));
    expect(codes.length).toBeGreaterThan(20);
    expect(codes.filter((code) => HafError.from(failing(code)).code === 'HAF_INTERNAL')).toEqual([]);
  });

  it.each([
    new RangeError('WebAssembly.instantiate(): Out of memory: Cannot allocate Wasm memory for new instance'),
    new RangeError('WebAssembly.Memory(): could not allocate memory'),
    new RangeError('Array buffer allocation failed'),
    new Error('std::bad_alloc'),
    new Error('VipsJpeg: unable to open /data/x: Too many open files'),
    failing('EAGAIN', 'spawn /usr/bin/node'),
    Object.assign(new Error('Worker initialization failure: EAGAIN'), { code: 'ERR_WORKER_INIT_FAILED' }),
  ])('is known by its words too: %s', (thrown) => {
    expect(HafError.from(thrown).code).toBe('HAF_MACHINE_LIMIT');
  });

  it.each([
    new TypeError('x is not a function'),
    new RangeError('Invalid typed array length: -1'),
    Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', syscall: 'connect' }),
    Object.assign(new Error('JS heap out of memory'), { code: 'ERR_WORKER_OUT_OF_MEMORY' }),
    'ENOSPC',
  ])('is not %s', (thrown) => {
    expect(HafError.from(thrown).code).toBe('HAF_INTERNAL');
    expect(isMachineFault(thrown)).toBe(false);
  });

  it('is not laid upon the file that was being read', () => {
    for (const [code, expected] of ofMachine) {
      const thrown = failing(code);
      const errors = [
        foreign('it is damaged', '', null, thrown),
        unreadable('/x.svs', 'damaged', '', thrown),
      ];
      expect(errors.map((error) => [error.code, asForeign(error)])).toEqual(
        Array.from(errors, () => [expected, null]),
      );
    }
    // Missing permission is a fault of the file, not of the machine.
    expect(foreign('it is damaged', '', null, failing('EACCES')).code).toBe('HAF_FEATURES_INVALID');
    expect(unreadable('/x.svs', 'damaged', '', new Error('no JPEG')).code).toBe('HAF_SLIDE_UNREADABLE');
  });
});

describe('the limits of a process', () => {
  const limits = [
    'Limit                     Soft Limit           Hard Limit           Units     ',
    'Max open files            64                   1024                 files     ',
    'Max address space         8192000000           unlimited            bytes     ',
  ].join('\n');

  it('are the soft ones', () => {
    expect(parseLimits(limits)).toEqual({ openFiles: 64, addressSpace: 8_192_000_000 });
    expect(parseLimits(limits.replace('8192000000', 'unlimited '))).toMatchObject({ addressSpace: null });
    expect(parseLimits('')).toEqual({ openFiles: null, addressSpace: null });
  });

  it('are refused with the command that raises them when they are too low to begin', () => {
    const of = (openFiles: number | null) => () => assertOpenFiles({ openFiles, addressSpace: null });
    expect(of(64)).toThrow(/64 files \(ulimit -n\).*ulimit -n 4096/);
    for (const enough of [null, 1024]) expect(of(enough)).not.toThrow();
    const room = { openFiles: null, addressSpace: 2 ** 50 };
    expect(() => assertAddressSpace(room, 3)).not.toThrow();
    expect(() => assertAddressSpace({ ...room, addressSpace: null }, 1e6)).not.toThrow();
  });
});
