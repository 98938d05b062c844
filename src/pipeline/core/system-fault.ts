import { machineLimits } from './machine-limits.js';

/** A fault of the machine, not of the data. `code`, `what` and `fix` become those of a `HafError`. */
export interface SystemFault {
  readonly code: 'HAF_STORE_FULL' | 'HAF_PATH_UNUSABLE' | 'HAF_MACHINE_LIMIT';
  readonly what: string;
  readonly fix: string;
  /** Whether any other file would have the same fault: a limit, a full disk, a disk or file server that fails. */
  readonly ofMachine: boolean;
}

const otherPlace = 'name another place (--store, --runs, --out, or TMPDIR for temporary files)';
const again = 'then run the same command again: finished work is kept';

/** The reason why a path cannot be used and the advice, by the error code of the operating system. */
const pathReasons: Readonly<Record<string, readonly [reason: string, fix: string]>> = {
  EACCES: ['permission is denied', `Change its owner or its rights, or ${otherPlace}.`],
  EPERM: [
    'it is not permitted, or this file system does not support it',
    `Change its owner or its rights, or ${otherPlace}.`,
  ],
  EROFS: ['its file system is mounted read-only', `Mount it writable, or ${otherPlace}.`],
  ENAMETOOLONG: [
    'the name is longer than the file system allows, 255 bytes for most',
    'Shorten the name or the path.',
  ],
  ENOENT: ['there is no such file or folder', `Make it, or ${otherPlace}.`],
  ENOTDIR: ['a part of its path is a file, not a folder', 'Correct the path.'],
  EISDIR: ['it is a folder', 'Name a file.'],
  EEXIST: ['a file or folder of this name exists', 'Remove it, or choose another name.'],
  ENOTEMPTY: ['the folder is not empty', 'Empty it, or choose another name.'],
  ELOOP: ['its links lead in a circle', 'Correct the links.'],
  EBUSY: ['it is in use', `Wait, ${again}.`],
  ETXTBSY: ['it is in use', `Wait, ${again}.`],
  EXDEV: ['its file system does not support this across folders', `Use another file system: ${otherPlace}.`],
  EMLINK: ['its file system allows no more links', `Use another file system: ${otherPlace}.`],
  ENOTSUP: ['its file system does not support this', `Use another file system: ${otherPlace}.`],
  EOPNOTSUPP: ['its file system does not support this', `Use another file system: ${otherPlace}.`],
  ENOSYS: ['its file system does not support this', `Use another file system: ${otherPlace}.`],
  EINVAL: ['its file system does not support this', `Use another file system: ${otherPlace}.`],
  EIO: ['the disk reports an error', `Check the log of the system and the disk, ${again}.`],
  ESTALE: ['the network file system lost it', `Mount it again, ${again}.`],
  ENXIO: ['the device is gone', `Mount it again, ${again}.`],
  ENODEV: ['the device is gone', `Mount it again, ${again}.`],
  EHOSTDOWN: ['the file server does not answer', `Check the file server, ${again}.`],
  ENOTCONN: ['the file server does not answer', `Check the file server, ${again}.`],
  ETIMEDOUT: ['the file server does not answer', `Check the file server, ${again}.`],
};

/** Error codes of a disk or a file server that fails. */
const failingDisk = ['EIO', 'ESTALE', 'ENXIO', 'ENODEV', 'EHOSTDOWN', 'ENOTCONN', 'ETIMEDOUT'];

/** Error codes that sockets have as well. They are about a file only if the error has a path. */
const alsoOfSockets = ['ETIMEDOUT', 'ENOTCONN', 'EHOSTDOWN', 'EINVAL', 'EPERM', 'EACCES', 'ENOENT'];

/** System calls that start a process. */
const ofProcesses = /^(spawn|fork|uv_thread_create)/;

/** Messages of V8, WebAssembly and native libraries when memory is refused. Most of these errors have no code. */
const outOfMemory =
  /out of memory|could not allocate memory|cannot allocate (wasm )?memory|array buffer allocation failed|bad_alloc|failed to allocate/i;

/** The fault of the machine that a thrown value reports, or null. */
export function systemFault(thrown: unknown): SystemFault | null {
  if (!(thrown instanceof Error)) return null;
  const { code = codeInText(thrown.message), path, syscall = '' } = thrown as NodeJS.ErrnoException;
  const place = typeof path === 'string' ? path : 'a file';
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return {
        code: 'HAF_STORE_FULL',
        what: `No space left to write ${place}${code === 'EDQUOT' ? ' (quota)' : ''}.`,
        fix: 'Free space or choose another disk with --store, --runs or TMPDIR, then run the same command again: finished work is kept.',
        ofMachine: true,
      };
    case 'EMFILE':
    case 'ENFILE':
      return tooManyFiles(code, place);
    case 'EFBIG':
      return limit(
        `${place} would be larger than this process may write (EFBIG).`,
        'Raise the limit: ulimit -f unlimited.',
      );
    case 'ENOMEM':
    case 'ERR_MEMORY_ALLOCATION_FAILED':
      return noMemory(thrown.message);
    case 'ERR_WORKER_INIT_FAILED':
      return noProcess(thrown.message);
    // A thread that exceeds its own memory limit is a fault of its job, not of the machine.
    case 'ERR_WORKER_OUT_OF_MEMORY':
      return null;
    case 'ERR_MODULE_NOT_FOUND':
    case 'MODULE_NOT_FOUND':
      return packageNotFound(thrown.message);
  }
  if (code === 'EAGAIN' && ofProcesses.test(syscall)) return noProcess(thrown.message);
  if (outOfMemory.test(thrown.message)) return noMemory(thrown.message);
  const reason = pathReasons[code];
  if (reason === undefined || (alsoOfSockets.includes(code) && typeof path !== 'string')) return null;
  return {
    code: 'HAF_PATH_UNUSABLE',
    what: `${place} cannot be used (${code}): ${reason[0]}.`,
    fix: reason[1],
    ofMachine: failingDisk.includes(code),
  };
}

/** Native libraries pass on the message of the system without its code. */
function codeInText(message: string): string {
  if (/too many open files/i.test(message)) return 'EMFILE';
  return /no space left on device/i.test(message) ? 'ENOSPC' : '';
}

const limit = (what: string, fix: string): SystemFault => ({
  ...{ code: 'HAF_MACHINE_LIMIT', what, fix },
  ofMachine: true,
});

function tooManyFiles(code: string, place: string): SystemFault {
  if (code === 'ENFILE')
    return limit(
      `The machine can open no more files (ENFILE, at ${place}).`,
      'End programs that hold many open files, or raise fs.file-max of the machine.',
    );
  const { openFiles } = machineLimits();
  return limit(
    `This process can open no more files (EMFILE, at ${place})${openFiles === null ? '' : `: ulimit -n is ${openFiles}`}.`,
    raiseOpenFiles,
  );
}

/** If Node can open no more files to search for a package, it reports the package as missing. */
function packageNotFound(message: string): SystemFault | null {
  const { openFiles } = machineLimits();
  if (openFiles === null || openFiles >= fewOpenFiles) return null;
  const [headline = ''] = message.split('\n');
  return limit(
    `${headline}. The package may be installed: this process may open only ${openFiles} files (ulimit -n).`,
    raiseOpenFiles,
  );
}

/**
 * If a process may open fewer files than this, a package reported as missing is most likely installed and could not be
 * opened.
 */
const fewOpenFiles = 1024;

export const raiseOpenFiles =
  'Raise it: ulimit -n 4096 (systemd: LimitNOFILE=, Docker: --ulimit nofile=). Fewer --workers and fewer cores (taskset) need fewer.';

/**
 * The fault that memory was refused. Its text names the limit of the address space (`ulimit -v`), if there is one.
 * @param reason the message of the code that asked for memory
 */
export function noMemory(reason: string): SystemFault {
  const { addressSpace } = machineLimits();
  const words = reason.split('\n')[0]?.replace(/\.$/, '') ?? '';
  if (addressSpace === null)
    return limit(
      `Memory was refused: ${words}.`,
      'Give the process more memory, or let it do less at once: fewer --workers, fewer cores (taskset).',
    );
  return limit(
    `Memory was refused: ${words}. The addresses of this process are limited (ulimit -v ${addressSpace / 1024}).`,
    raiseAddressSpace,
  );
}

export const raiseAddressSpace =
  'Raise it: ulimit -v unlimited (SGE: h_vmem, PBS: vmem). Or set NODE_OPTIONS=--disable-wasm-trap-handler: WebAssembly, which reads feature files, then does not reserve 10 GB of addresses for each thread.';

const noProcess = (reason: string): SystemFault =>
  limit(
    `No more threads or processes can be started: ${reason}.`,
    'Raise the limit (ulimit -u; Docker: --pids-limit), or let it do less at once: fewer --workers, fewer cores (taskset).',
  );
