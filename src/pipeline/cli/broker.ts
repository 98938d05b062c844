import { setTimeout as sleep } from 'node:timers/promises';
import { hostAndPort } from '../bus/nats/address.js';
import { BrokerFolder } from '../broker/broker-folder.js';
import { listen, type ListenOptions } from '../broker/listen.js';
import { stopOwnBroker } from '../broker/own-broker.js';
import { prepareBroker } from '../bus/nats/connect-bus.js';
import { HafError } from '../core/errors.js';
import { defaultLeaseSeconds } from './options.js';
import { printData, say } from './output.js';

const lookMs = 500;

/** `broker`: runs the broker of a store until Ctrl-C or SIGTERM. */
export async function broker(options: ListenOptions): Promise<void> {
  const asked = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => asked.abort());
  const folder = new BrokerFolder(options.store);
  if (folder.isKept())
    throw new HafError(
      'HAF_USAGE',
      `Another "haf-pipeline broker" keeps the broker in ${folder.path} already.`,
      'Use that broker, or end the other command first.',
    );
  const running = await listen(options);
  try {
    await prepareBroker(running.address('orchestrator'), defaultLeaseSeconds * 1000);
  } catch (error) {
    if (running.spawned) await stopOwnBroker(options.store);
    throw error;
  }
  const letGo = folder.keep();
  const { host, tls } = running.settings;
  say(
    `broker ${running.spawned ? 'started' : 'found'}: ${hostAndPort(host, running.port)}${tls ? ' with TLS' : ''}, process ${running.pid}, in ${folder.path}`,
  );
  printData(running.advice.join('\n'));
  say('Ctrl-C ends it; its stored messages are kept.');
  while (!asked.signal.aborted) {
    // Any running process of the broker is accepted, not only the first one. A run may have found the first process
    // dead and started the broker again.
    if (folder.runningProcess() === null)
      throw new HafError(
        'HAF_BROKER_UNREACHABLE',
        `The broker ended by itself:\n${folder.lastLog()}`,
        `Correct what its log says (${folder.log}) and start the broker again.`,
      );
    await sleep(lookMs, undefined, { signal: asked.signal }).catch(() => undefined);
  }
  letGo();
  await stopOwnBroker(options.store);
  say('broker ended');
}
