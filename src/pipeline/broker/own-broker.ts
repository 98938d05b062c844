import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectTo } from '../bus/nats/connect.js';
import { atLeast } from '../bus/nats/server-version.js';
import { HafError } from '../core/errors.js';
import { lockRun, type RunLock } from '../runs/run-lock.js';
import { type BrokerAddress, type BrokerAuth, type BrokerRole, hostAndPort } from '../bus/nats/address.js';
import { BrokerFolder, type BrokerSettings } from './broker-folder.js';
import { certificateFiles, publicKeys, seedFile } from './security-files.js';
import { requireServer, type ServerBinary } from './server-binary.js';
import { serverConfigText } from './server-config.js';

/** The broker of a store, running on this machine. */
export interface OwnBroker {
  readonly pid: number;
  readonly port: number;
  readonly settings: BrokerSettings;
  /** True if this call started the broker. False if it was running already. */
  readonly spawned: boolean;
  address(role: BrokerRole): BrokerAddress;
}

/** Settings of a broker for this machine only: loopback, any free port, a token. */
const private_: BrokerSettings = { v: 1, host: '127.0.0.1', port: 0, security: null, tls: false };

/** Timeouts: `startMs` for starting the server, `lockMs` for taking the lock of the broker's folder. */
const startMs = 10_000;
const lockMs = 30_000;

/**
 * The broker of a store, if it runs on this machine and accepts the store's credentials.
 *
 * @throws HafError HAF_BROKER_UNREACHABLE when its process runs but does not answer
 */
export async function findOwnBroker(store: string): Promise<OwnBroker | null> {
  const folder = new BrokerFolder(store);
  const [settings, pid] = [folder.settings(), folder.runningProcess()];
  if (settings === null || pid === null) return null;
  // Another command may be starting the broker at this moment, so this command waits until the server listens.
  await untilListening(folder, pid, () => folder.runningProcess() !== pid);
  return folder.runningProcess() === pid ? await admitted(folder, settings, pid) : null;
}

/**
 * The broker of a store: the running one, otherwise a new one. The broker keeps running after this process has ended.
 * If `settings` are given, a running broker must have the same settings.
 *
 * @throws HafError HAF_BROKER_UNREACHABLE with the end of the server's log when the server does not start
 */
export async function startOwnBroker(
  store: string,
  settings: BrokerSettings | null = null,
  server?: ServerBinary,
): Promise<OwnBroker> {
  const folder = new BrokerFolder(store);
  folder.prepare();
  // The lock is necessary: two servers on one JetStream folder start without an error and destroy the data.
  const lock = await lockFolder(folder);
  try {
    const running = await findOwnBroker(store);
    if (running) return accept(running, settings, folder);
    return await launch(folder, settings ?? private_, server ?? requireServer());
  } finally {
    await lock.release();
  }
}

/** Ends the broker of a store. Its stored data stay. @returns false when no broker was running */
export async function stopOwnBroker(store: string): Promise<boolean> {
  const folder = new BrokerFolder(store);
  if (folder.runningProcess() === null) return false;
  // A command that wants to use this broker in the meantime waits for the lock, and then starts another one.
  const lock = await lockFolder(folder);
  try {
    const pid = folder.runningProcess();
    if (pid === null) return false;
    process.kill(pid, 'SIGTERM');
    if (await isGone(folder, pid)) return true;
    process.kill(pid, 'SIGKILL');
    return await isGone(folder, pid);
  } finally {
    await lock.release();
  }
}

async function isGone(folder: BrokerFolder, pid: number): Promise<boolean> {
  for (const end = Date.now() + 5000; Date.now() < end; await sleep(20))
    if (folder.runningProcess() !== pid) return true;
  return false;
}

async function lockFolder(folder: BrokerFolder): Promise<RunLock> {
  for (const end = Date.now() + lockMs; ; await sleep(50))
    try {
      return await lockRun(folder.path, 'broker');
    } catch (error) {
      if (!(error instanceof HafError) || error.code !== 'HAF_RUN_BUSY') throw error;
      if (Date.now() > end)
        throw new HafError(
          'HAF_BROKER_UNREACHABLE',
          `Another process has been starting the broker in ${folder.path} for ${lockMs / 1000} seconds.`,
          'Find out why it does not finish, or end it, and run the same command again.',
          { cause: error },
        );
    }
}

function accept(running: OwnBroker, wanted: BrokerSettings | null, folder: BrokerFolder): OwnBroker {
  const { host, port, security, tls } = running.settings;
  const fits =
    wanted === null ||
    (wanted.host === host && wanted.port === port && wanted.security === security && wanted.tls === tls);
  if (fits) return running;
  throw new HafError(
    'HAF_USAGE',
    `The broker in ${folder.path} runs already, with other settings (process ${running.pid}, listens on ${hostAndPort(host, running.port)}${tls ? ' with TLS' : ''}).`,
    `End it when no run needs it ("kill ${running.pid}"; what it stores stays) and run the same command again.`,
  );
}

async function launch(
  folder: BrokerFolder,
  settings: BrokerSettings,
  server: ServerBinary,
): Promise<OwnBroker> {
  // A worker may have connected in the moment in which the last command ended the broker, or the server was killed. Such a
  // worker reconnects to the former port. So this port is tried first, and twice: the system may free it late.
  const former = settings.port === 0 ? folder.formerPort() : null;
  const ports = settings.port !== 0 ? [settings.port] : former === null ? [-1] : [former, former, -1];
  let failure: unknown;
  for (const port of ports) {
    folder.forgetPorts();
    folder.write(settings, configText(folder, settings, server, port));
    try {
      const broker = await launchOnce(folder, settings, server);
      folder.recordPort(broker.port);
      return { ...broker, spawned: true };
    } catch (error) {
      failure = error;
      await sleep(100);
    }
  }
  throw failure;
}

async function launchOnce(
  folder: BrokerFolder,
  settings: BrokerSettings,
  server: ServerBinary,
): Promise<OwnBroker> {
  const log = openSync(folder.log, 'w', 0o600);
  // Detached, because Ctrl-C in a terminal reaches every process of the group, and the broker must outlive this command.
  const child = spawn(server.path, ['-c', folder.config], { detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  let ended: string | null = null;
  child.once('error', (error) => (ended = error.message));
  child.once('exit', (code, signal) => (ended = `it ended with ${signal ?? `exit code ${code}`}`));
  if (child.pid !== undefined) folder.recordProcess(child.pid);
  child.unref();
  const { pid } = child;
  try {
    if (pid !== undefined && (await untilListening(folder, pid, () => ended !== null)))
      return await admitted(folder, settings, pid);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  child.kill('SIGKILL');
  throw new HafError(
    'HAF_BROKER_UNREACHABLE',
    `${server.path} did not start: ${ended ?? `it does not listen after ${startMs / 1000} seconds`}.\n${folder.lastLog()}`,
    `Correct what its log says (${folder.log}) and run the same command again.`,
  );
}

async function untilListening(folder: BrokerFolder, pid: number, isOver: () => boolean): Promise<boolean> {
  for (const end = Date.now() + startMs; !isOver() && Date.now() < end; await sleep(20))
    if (folder.portOf(pid) !== null) return true;
  return false;
}

/** The broker with this process id, after it has accepted a connection. */
async function admitted(folder: BrokerFolder, settings: BrokerSettings, pid: number): Promise<OwnBroker> {
  const port = folder.portOf(pid);
  const broker = { pid, port: port ?? 0, settings, spawned: false };
  const address = (role: BrokerRole): BrokerAddress => addressOf(folder, broker, role);
  try {
    if (port === null) throw new Error('it does not listen');
    await (await connectTo(address('viewer'), { name: 'haf-pipeline probe', role: 'viewer' })).close();
  } catch (error) {
    throw new HafError(
      'HAF_BROKER_UNREACHABLE',
      `The broker in ${folder.path} runs as process ${pid}, but this command cannot connect to it: ${(error as Error).message}`,
      `If it hangs, end it ("kill -9 ${pid}") and run the same command again; what it stores stays.`,
      { cause: error },
    );
  }
  return { ...broker, address };
}

function addressOf(
  folder: BrokerFolder,
  { settings, port }: Pick<OwnBroker, 'settings' | 'port'>,
  role: BrokerRole,
): BrokerAddress {
  const { security, tls } = settings;
  const auth: BrokerAuth =
    security === null
      ? { kind: 'token', token: folder.token() }
      : { kind: 'nkey', seed: readFileSync(seedFile(security, role), 'utf8').trim() };
  return {
    servers: [hostAndPort(isWildcard(settings.host) ? '127.0.0.1' : settings.host, port)],
    auth,
    tls: tls && security !== null ? { ca: readFileSync(certificateFiles(security).ca, 'utf8') } : null,
    origin: `broker in ${folder.path}`,
  };
}

/** Whether this host means all addresses of the machine. */
export const isWildcard = (host: string): boolean => host === '0.0.0.0' || host === '::';

function configText(
  folder: BrokerFolder,
  { host, security, tls }: BrokerSettings,
  server: ServerBinary,
  port: number,
): string {
  const files = security === null ? null : certificateFiles(security);
  return serverConfigText({
    about: ['Written by haf-pipeline at each start of the broker of this store; changes are lost.'],
    host,
    port,
    storeDir: folder.path,
    syncAlways: atLeast(server.version, '2.10.0'),
    portsDir: folder.path,
    auth: security === null ? { token: folder.token() } : { users: publicKeys(security) },
    tls: tls && files ? { cert: files.server, key: files.serverKey } : null,
  });
}
