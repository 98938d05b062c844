import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { HafError } from '../core/errors.js';

/** How the broker of a store was started, so that another command can find it and connect to it. */
const settingsSchema = z.object({
  v: z.literal(1),
  host: z.string(),
  /** 0 means any free port. */
  port: z.number(),
  /** Folder of the users' seeds. Null: the broker has a token, which only the owner of the folder can read. */
  security: z.string().nullable(),
  tls: z.boolean(),
});
export type BrokerSettings = z.infer<typeof settingsSchema>;

/** Number of calls of `use` in this process. It makes the file name of each record unique. */
let uses = 0;

/** The folder `<store>/broker`: the data of the store's broker, and the records that tell whether it runs. */
export class BrokerFolder {
  readonly path: string;
  readonly config: string;
  readonly log: string;

  constructor(store: string) {
    this.path = join(resolve(store), 'broker');
    this.config = join(this.path, 'nats-server.conf');
    this.log = join(this.path, 'nats-server.log');
  }

  /** @throws HafError HAF_PATH_UNUSABLE when the folder cannot be written or is on a network file system */
  prepare(): void {
    mkdirSync(this.path, { recursive: true, mode: 0o700 });
    const kind = networkFileSystem(statfsSync(this.path).type);
    if (kind)
      throw new HafError(
        'HAF_PATH_UNUSABLE',
        `${this.path} is on ${kind}; a NATS server loses messages there.`,
        'Start the broker with a store on a local disk ("haf-pipeline broker --store DIR") and name it with --nats URL. The results may stay in the shared store.',
      );
  }

  /** The token that every client of this broker sends. It is created once. */
  token(): string {
    const file = join(this.path, 'token');
    if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o600 });
    return readFileSync(file, 'utf8').trim();
  }

  settings(): BrokerSettings | null {
    try {
      return settingsSchema.parse(JSON.parse(readFileSync(join(this.path, 'settings.json'), 'utf8')));
    } catch {
      return null;
    }
  }

  write(settings: BrokerSettings, config: string): void {
    this.replace(join(this.path, 'settings.json'), JSON.stringify(settings));
    this.replace(this.config, config);
  }

  private replace(file: string, text: string): void {
    writeFileSync(`${file}.new`, text, { mode: 0o600 });
    chmodSync(`${file}.new`, 0o600);
    renameSync(`${file}.new`, file);
  }

  /**
   * Records the process id of the server. The command that starts the server writes this record right after the start.
   * So a running server always has a record, even before it listens.
   */
  recordProcess(pid: number): void {
    writeFileSync(join(this.path, 'pid'), `${pid}\n`);
  }

  /**
   * Records that this process is the command `broker`. Until the record is removed, no other command ends the broker.
   * @returns a function that removes the record
   */
  keep(): () => void {
    const file = join(this.path, 'keeper');
    writeFileSync(file, `${process.pid}\n`);
    return () => rmSync(file, { force: true });
  }

  isKept(): boolean {
    try {
      return commandOf(Number(readFileSync(join(this.path, 'keeper'), 'utf8'))) !== '';
    } catch {
      return false;
    }
  }

  /**
   * Records that this process uses the broker. The watcher lets the broker run until the returned function is called.
   * Nothing is recorded if the folder is absent or belongs to another user.
   */
  use(): () => void {
    const file = join(this.users, `${process.pid}-${++uses}`);
    try {
      if (!existsSync(this.path)) return () => undefined;
      mkdirSync(this.users, { recursive: true, mode: 0o700 });
      writeFileSync(file, '');
    } catch {
      return () => undefined;
    }
    return () => rmSync(file, { force: true });
  }

  /** Whether a process of this machine uses the broker. */
  isUsed(): boolean {
    if (!existsSync(this.users)) return false;
    return readdirSync(this.users).some((name) => commandOf(Number.parseInt(name, 10)) !== '');
  }

  private get users(): string {
    return join(this.path, 'users');
  }

  /** The process that ends the broker when nobody uses it; null when none runs. */
  watcher(): number | null {
    const pid = this.recordedProcess('watcher');
    return pid !== null && commandOf(pid).includes(this.path) ? pid : null;
  }

  recordWatcher(pid: number): void {
    writeFileSync(join(this.path, 'watcher'), `${pid}\n`);
  }

  /** Ends the watcher of a broker that has ended. */
  endWatcher(): void {
    const pid = this.watcher();
    // The signal goes to the process group: the shell, and the command that it waits for.
    if (pid !== null) process.kill(-pid, 'SIGTERM');
  }

  /**
   * The process id of the server, if it runs on this machine. The command line is checked, because another process may
   * have the id now.
   */
  runningProcess(): number | null {
    const pid = this.recordedProcess();
    return pid !== null && commandOf(pid).includes(this.config) ? pid : null;
  }

  /** The port of the server with this process id, by default of the recorded server. Null before the server listens. */
  portOf(pid: number | null = this.recordedProcess()): number | null {
    const name = this.portFiles().find((file) => file.endsWith(`_${pid}.ports`));
    if (name === undefined) return null;
    try {
      const { nats } = z.object({ nats: z.array(z.string()) }).parse(this.json(name));
      return Number(/:(\d+)$/.exec(nats[0] ?? '')?.[1] ?? Number.NaN) || null;
    } catch {
      return null;
    }
  }

  /**
   * Records the port of the server, for the next server of this store: connected workers look for it on the same port.
   * The server's own record of ports cannot be used, because the server removes it when it ends.
   */
  recordPort(port: number): void {
    this.replace(join(this.path, 'port'), `${port}\n`);
  }

  /** The port of the last broker of this store. Null before the first one. */
  formerPort(): number | null {
    try {
      return Number(readFileSync(join(this.path, 'port'), 'utf8')) || null;
    } catch {
      return this.portOf();
    }
  }

  /**
   * Deletes the servers' records of ports. A killed server leaves its record. If a later server got the same process
   * id, this record would seem to be its own.
   */
  forgetPorts(): void {
    for (const name of this.portFiles()) rmSync(join(this.path, name), { force: true });
  }

  /** The end of the server's log, for error messages. */
  lastLog(lines = 8): string {
    try {
      return readFileSync(this.log, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
    } catch {
      return '';
    }
  }

  private recordedProcess(name = 'pid'): number | null {
    try {
      return Number(readFileSync(join(this.path, name), 'utf8')) || null;
    } catch {
      return null;
    }
  }

  private portFiles(): string[] {
    return existsSync(this.path) ? readdirSync(this.path).filter((name) => name.endsWith('.ports')) : [];
  }

  private json(name: string): unknown {
    return JSON.parse(readFileSync(join(this.path, name), 'utf8'));
  }
}

/** The command line of a process. Empty when the process does not exist. */
function commandOf(pid: number): string {
  try {
    if (existsSync('/proc/self/cmdline')) return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

/**
 * Name of the network file system with this type number in Linux, or null. JetStream must not store data on a network
 * file system (docs of NATS).
 */
export function networkFileSystem(type: number): string | null {
  const kinds: Readonly<Record<number, string>> = {
    0x6969: 'NFS',
    0x517b: 'SMB',
    0xfe534d42: 'SMB',
    0xff534d42: 'SMB',
  };
  return process.platform === 'linux' ? (kinds[type] ?? null) : null;
}
