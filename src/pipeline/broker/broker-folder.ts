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

/** How the broker of a store was started, so that another command can find it and get in. */
const settingsSchema = z.object({
  v: z.literal(1),
  host: z.string(),
  /** 0: any free one. */
  port: z.number(),
  /** Folder of the users' seeds; null: a token that only the owner of the folder can read. */
  security: z.string().nullable(),
  tls: z.boolean(),
});
export type BrokerSettings = z.infer<typeof settingsSchema>;

/** `<store>/broker`: what the broker of a store keeps, and what tells whether it runs. */
export class BrokerFolder {
  readonly path: string;
  readonly config: string;
  readonly log: string;

  constructor(store: string) {
    this.path = join(resolve(store), 'broker');
    this.config = join(this.path, 'nats-server.conf');
    this.log = join(this.path, 'nats-server.log');
  }

  /** @throws HafError HAF_PATH_UNUSABLE when it cannot be written or lies on a network file system */
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

  /** The secret that every client of this broker must know; made once. */
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

  /** Kept by us and not by the server: there must be no moment in which it runs and is not on record. */
  recordProcess(pid: number): void {
    writeFileSync(join(this.path, 'pid'), `${pid}\n`);
  }

  /** Says that this process wants the broker to run, whoever else comes and goes; until the function returned is called. */
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

  /** The process of the server, if it runs on this machine. Another process may have its number since. */
  runningProcess(): number | null {
    const pid = this.recordedProcess();
    return pid !== null && commandOf(pid).includes(this.config) ? pid : null;
  }

  /** The port that the server of this process got, once it listens; with the last process, the port it had. */
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

  /** A server that ends removes its own record of ports. Workers that are connected look for the next one on this port. */
  recordPort(port: number): void {
    this.replace(join(this.path, 'port'), `${port}\n`);
  }

  /** The port of the last broker of this store; null before the first. */
  formerPort(): number | null {
    try {
      return Number(readFileSync(join(this.path, 'port'), 'utf8')) || null;
    } catch {
      return this.portOf();
    }
  }

  /** A server that was killed leaves its port on record, where another with its number would be taken for it. */
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

  private recordedProcess(): number | null {
    try {
      return Number(readFileSync(join(this.path, 'pid'), 'utf8')) || null;
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

/** The command line of a process, empty when there is none (any more). */
function commandOf(pid: number): string {
  try {
    if (existsSync('/proc/self/cmdline')) return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

/** Linux's numbers of file systems on which JetStream must not store (docs of NATS). */
export function networkFileSystem(type: number): string | null {
  const kinds: Readonly<Record<number, string>> = {
    0x6969: 'NFS',
    0x517b: 'SMB',
    0xfe534d42: 'SMB',
    0xff534d42: 'SMB',
  };
  return process.platform === 'linux' ? (kinds[type] ?? null) : null;
}
