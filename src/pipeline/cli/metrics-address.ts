import { readSecret } from '../broker/credentials.js';
import { HafError } from '../core/errors.js';
import { requireLock, type MetricsAddress } from '../observe/serve.js';
import type { MetricsOptions } from './options.js';

const leastToken = 16;

/**
 * Where metrics are served and what protects them. Undefined if metrics were not requested.
 *
 * @throws HafError HAF_USAGE for options without effect, HAF_INSECURE for a token that others can read or guess
 */
export function metricsAddress({
  metrics,
  metricsToken,
  metricsOpen,
}: MetricsOptions): MetricsAddress | undefined {
  if (metrics === undefined) {
    if ((metricsToken ?? metricsOpen) === undefined) return undefined;
    throw new HafError(
      'HAF_USAGE',
      '--metrics-token and --metrics-open have no effect without --metrics.',
      'Add --metrics [HOST:]PORT.',
    );
  }
  if (metricsOpen !== undefined && metricsOpen.trim() === '')
    throw new HafError(
      'HAF_USAGE',
      '--metrics-open gives no reason.',
      'Say what protects the port, for example --metrics-open "network policy".',
    );
  if (metricsToken === undefined) {
    const address = { ...metrics, ...(metricsOpen && { open: metricsOpen }) };
    requireLock(address);
    return address;
  }
  const token = readSecret(metricsToken, '--metrics-token', false).trim();
  if (token.length < leastToken || /\s/.test(token))
    throw new HafError(
      'HAF_INSECURE',
      `--metrics-token: ${metricsToken} holds no token: one line of ${leastToken} characters or more is needed.`,
      'Make one, for example: openssl rand -hex 24 > FILE; chmod 600 FILE',
    );
  return { ...metrics, token };
}
