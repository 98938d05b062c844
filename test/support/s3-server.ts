import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A real S3 server, the gateway of Versity over a folder; its tests skip where it is not installed, and say so. */
export const s3ServerThere = spawnSync('versitygw', ['--version']).status === 0;
if (!s3ServerThere)
  console.warn(
    'SKIPPED: no versitygw on the PATH (go install github.com/versity/versitygw/cmd/versitygw@v1.8.0)',
  );

export interface S3Server {
  readonly endpoint: string;
  /** Ends it and, with `start`, lets it come back on the same port with the same content. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

export const s3Bucket = 'haf-test';
export const s3Credentials = { AWS_ACCESS_KEY_ID: 'test-key', AWS_SECRET_ACCESS_KEY: 'test-secret' };

/** Starts a server of its own on a free port, with one empty bucket. */
export async function startS3Server(): Promise<S3Server> {
  const [data, meta] = [mkdtempSync(join(tmpdir(), 'haf-s3-')), mkdtempSync(join(tmpdir(), 'haf-s3-meta-'))];
  mkdirSync(join(data, s3Bucket));
  const port = await freePort();
  let child: ChildProcess | null = null;
  const server: S3Server = {
    endpoint: `http://127.0.0.1:${port}`,
    start: async () => {
      child = spawn('versitygw', ['--port', `127.0.0.1:${port}`, 'posix', '--sidecar', meta, data], {
        stdio: 'ignore',
        env: {
          ...process.env,
          ROOT_ACCESS_KEY: s3Credentials.AWS_ACCESS_KEY_ID,
          ROOT_SECRET_KEY: s3Credentials.AWS_SECRET_ACCESS_KEY,
        },
      });
      while (!(await listens(port))) {
        if (child.exitCode !== null) throw new Error(`versitygw ended with ${child.exitCode}`);
        await delay(50);
      }
    },
    stop: async () => {
      if (!child || child.exitCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      child = null;
    },
  };
  await server.start();
  return server;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  return port;
}

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const answer = (up: boolean) => (): void => {
      socket.destroy();
      resolve(up);
    };
    socket.once('connect', answer(true)).once('error', answer(false));
  });
