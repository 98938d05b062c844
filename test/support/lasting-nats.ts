import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createConnection, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { natsServer } from './nats-server.js';

/** A nats-server that can be killed and started again on the same port and store. */
export class LastingNats {
  private child: ChildProcess | null = null;

  private constructor(
    private readonly folder: string,
    private readonly host: string,
    readonly port: number,
  ) {}

  static async start(host = '127.0.0.1'): Promise<LastingNats> {
    const folder = mkdtempSync(join(tmpdir(), 'haf-nats-'));
    const server = new LastingNats(folder, host, await freePort(host));
    await server.start();
    return server;
  }

  get url(): string {
    return `nats://${this.host}:${this.port}`;
  }

  async start(): Promise<void> {
    if (natsServer === null) throw new Error('no nats-server on this machine');
    const args = ['-js', '-sd', this.folder, '-a', this.host, '-p', String(this.port)];
    this.child = spawn(natsServer.path, [...args, '-l', join(this.folder, 'log')], { stdio: 'ignore' });
    for (const end = Date.now() + 10_000; !(await this.listens()); await sleep(20))
      if (Date.now() > end || this.child.exitCode !== null) throw new Error('nats-server did not come up');
  }

  async kill(): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  /** Kills the server and deletes everything it stored. */
  async forget(): Promise<void> {
    await this.kill();
    rmSync(join(this.folder, 'jetstream'), { recursive: true });
  }

  async end(): Promise<void> {
    await this.kill();
    if (existsSync(this.folder)) rmSync(this.folder, { recursive: true, force: true });
  }

  private listens(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = createConnection(this.port, this.host);
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
  }
}

/** Finds a port that no process listens on at this moment. */
function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, host, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
